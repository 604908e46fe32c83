import ssh2, { type BaseAgent, type Client } from 'ssh2';
import { abortable, createDeferred } from '../../../base/async';
import { describeError, describeErrorChain } from '../../../base/errors';
import type { Logger } from '../../../base/logger';
import { CloudError } from '../../../cloud/errors';
import type { SshService } from '../../../cloud/provider';
import { BridgeError } from '../../backend';
import { sparePackets } from '../../outgoingPackets';

const READY_MS = 20_000;
const KEEPALIVE_MS = 15_000;

export interface SshConnectOptions {
  readonly service: SshService;
  /** Private key, OpenSSH format. Secret. */
  readonly userKey: string;
  /** Where programs in the sandbox are led that look for an ssh-agent. */
  readonly agent: BaseAgent;
  /** The sandbox's, for messages. */
  readonly name: string;
  readonly log: Logger;
}

/**
 * Connects to an SSH server and authenticates with the user's key, and nothing else. The server must show one of
 * {@link SshService.hostKeys}, where the cloud tells them; where it does not, whoever answers at the other end of
 * the cloud's authenticated tunnel is believed: there is no other channel to learn a key by.
 *
 * Rejects as `unavailable` if the server does not let us in, is not the right one or has no algorithms in common with
 * us, as `unreachable` (a {@link CloudError}) if it does not answer.
 */
export async function connectToServer(options: SshConnectOptions, signal: AbortSignal): Promise<Client> {
  const { service, userKey, agent, name, log } = options;
  await service.authorize?.(publicKeyOf(userKey), signal);
  const stream = await service.dial(signal);
  const client = new ssh2.Client();
  const ready = createDeferred<undefined>();
  let isWrongHost = false as boolean;
  client.once('ready', () => ready.resolve(undefined));
  const onEnd = (): void => ready.reject(new Error('The connection was closed'));
  // What leads to the server may stay open our way after the server has ended.
  client.once('end', onEnd).once('close', onEnd);
  client.on('error', (error) => {
    log.debug(`ssh client: ${describeErrorChain(error)}`);
    ready.reject(error);
  });
  try {
    client.connect({
      sock: stream,
      username: service.user,
      privateKey: userKey,
      authHandler: ['publickey'],
      agent,
      readyTimeout: READY_MS,
      keepaliveInterval: KEEPALIVE_MS,
      // Others than OpenSSH know its extensions too, or refuse them.
      strictVendor: false,
      hostVerifier: (key: Buffer) => {
        isWrongHost = !isKnown(key, service.hostKeys);
        return !isWrongHost;
      },
    });
    sparePackets(client);
    await abortable(ready.promise, signal);
    return client;
  } catch (cause) {
    stream.destroy();
    signal.throwIfAborted();
    if (isWrongHost) {
      const text = `The SSH server of ${name} shows another host key than its cloud tells of; ask who runs it`;
      log.warn(text);
      throw new BridgeError('unavailable', text, { cause });
    }
    const advice = 'choose another backend in the settings';
    const level = levelOf(cause);
    if (level === 'client-authentication') {
      const text = `The SSH server of ${name} does not let ${service.user} in with the key of this computer`;
      throw new BridgeError('unavailable', `${text}; ${advice}`, { cause });
    }
    if (level === 'handshake') {
      const text = `The SSH server of ${name} cannot be understood: ${describeError(cause)}`;
      throw new BridgeError('unavailable', `${text}; ${advice}`, { cause });
    }
    throw new CloudError('unreachable', `The SSH server of ${name} does not answer`, { cause });
  }
}

/** What failed, in the terms of ssh2. */
function levelOf(error: unknown): unknown {
  return error instanceof Error && 'level' in error ? error.level : undefined;
}

/** Type and base64 of the public half. */
function publicKeyOf(privateKey: string): string {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error)
    throw new BridgeError('unavailable', 'The key of this sandbox is not usable', { cause: parsed });
  return `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`;
}

/** `hostKeys`: lines of type and base64, as in a public key file. */
function isKnown(key: Buffer, hostKeys: readonly string[] | undefined): boolean {
  if (!hostKeys) return true;
  return hostKeys.some((line) => Buffer.from(line.split(/\s+/)[1] ?? '', 'base64').equals(key));
}
