/** The SSH server that a sandbox may run by itself. */
import { once } from 'node:events';
import * as net from 'node:net';
import { abortReason } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { printable } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { shellQuote } from '../../base/shell';
import { CloudError } from '../errors';
import { errorOfNetwork } from '../httpErrors';
import type { ScriptResult, SshService } from '../provider';
import type { SocketAddress } from './addresses';
import type { SandboxSite } from './site';

const TIMEOUT_MS = 5_000;
/** How an SSH server begins (RFC 4253 section 4.2). */
const IDENTIFICATION = 'SSH-';
/** The user of OpenHands' images (software-agent-sdk, agent_server/docker/Dockerfile). */
const USUAL_USER = 'openhands';
const MAX_HOST_KEYS = 16;

/**
 * The sandbox's SSH server, if one can be reached from here and be known again. Its user and its host keys are asked for
 * inside: that way is authenticated, the TCP connection is not.
 */
export async function findSshService(
  site: SandboxSite,
  log: Logger,
  signal?: AbortSignal,
): Promise<SshService | undefined> {
  const place = await site.sshPlace(signal);
  if (!place || !(await answersSsh(place.address, signal))) return undefined;
  const run = (script: string, runSignal?: AbortSignal): Promise<ScriptResult> =>
    site.use((server) => server.run(script, runSignal), runSignal);
  const { user, hostKeys } = parseLook(await run(lookScript(place.insidePort), signal));
  if (hostKeys.length === 0) {
    log.info('The SSH server of the sandbox is not used: nothing in the sandbox can tell its host keys');
    return undefined;
  }
  return {
    user: place.address.user ?? user,
    hostKeys,
    dial: (dialSignal) => dialTcp(place.address, dialSignal),
    authorize: async (publicKey, authorizeSignal) => {
      const { code, stderr } = await run(authorizeScript(publicKey), authorizeSignal);
      if (code !== 0) log.warn(`The sandbox's SSH server cannot be told our key: ${printable(stderr)}`);
    },
  };
}

/**
 * The user's name, then a line for each host key as ssh-keyscan(1) prints it; none where that is missing. It connects for
 * each type of key, so the one that nearly every server has is asked for alone at first: sshd refuses an address that
 * comes too often without authenticating (sshd_config(5), PerSourcePenalties, on by default since OpenSSH 9.8).
 */
function lookScript(port: number): string {
  return `id -un
for types in ed25519 ecdsa,rsa; do
  ssh-keyscan -T 3 -p ${port} -t $types 127.0.0.1 2>/dev/null | grep '^[^#]' && break
done
:`;
}

function parseLook({ stdout }: ScriptResult): { user: string; hostKeys: readonly string[] } {
  const [user = '', ...lines] = stdout.split('\n');
  const hostKeys = lines.flatMap((line) => {
    const [, key] = /^[^#\s]\S* ([a-z][\w.@-]* [A-Za-z0-9+/]+=*)$/.exec(line.trim()) ?? [];
    return key === undefined ? [] : [key];
  });
  return { user: user.trim() || USUAL_USER, hostKeys: hostKeys.slice(0, MAX_HOST_KEYS) };
}

/** Adds a line unless it is there; a last line without an end gets one first. */
function authorizeScript(publicKey: string): string {
  return [
    'umask 077',
    'mkdir -p ~/.ssh && cd ~/.ssh && touch authorized_keys || exit',
    `key=${shellQuote(publicKey)}`,
    'grep -qxF "$key" authorized_keys && exit',
    '[ -z "$(tail -c 1 authorized_keys)" ] || echo >>authorized_keys',
    `printf '%s\\n' "$key" >>authorized_keys`,
  ].join('\n');
}

/** Opens a TCP connection. Rejects as `unreachable`. */
async function dialTcp({ host, port }: SocketAddress, signal?: AbortSignal): Promise<net.Socket> {
  const what = 'reach the SSH server of the sandbox';
  const timedOut = (): CloudError => new CloudError('unreachable', `Cannot ${what}: ${host} does not answer`);
  const deadline = createDeadline(TIMEOUT_MS, timedOut, signal);
  const socket = net.connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal: deadline.signal });
    return socket;
  } catch (error) {
    socket.destroy();
    if (deadline.signal.aborted) throw abortReason(deadline.signal);
    throw errorOfNetwork(what, host, error);
  } finally {
    deadline.dispose();
  }
}

/** Whether an SSH server answers there: a sandbox's port is not always one that can be reached from here. */
async function answersSsh(address: SocketAddress, signal?: AbortSignal): Promise<boolean> {
  const silent = (): CloudError => new CloudError('unreachable', `${address.host} says nothing`);
  const deadline = createDeadline(TIMEOUT_MS, silent, signal);
  let socket: net.Socket | undefined;
  try {
    socket = await dialTcp(address, deadline.signal);
    // RFC 4253 section 4.2 lets a server send other lines before; those of sandboxes do not.
    const [greeting] = (await once(socket, 'data', { signal: deadline.signal })) as [Buffer];
    return greeting.toString('latin1').startsWith(IDENTIFICATION);
  } catch {
    // No SSH server for us, whatever the reason; unless it is the caller's.
    signal?.throwIfAborted();
    return false;
  } finally {
    socket?.destroy();
    deadline.dispose();
  }
}
