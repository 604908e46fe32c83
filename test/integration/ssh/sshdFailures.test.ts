import assert from 'node:assert/strict';
import type * as net from 'node:net';
import { fileURLToPath } from 'node:url';
import ssh2 from 'ssh2';
import { silentLogger } from '../../../src/base/logger';
import { generateKeyPair } from '../../../src/keys/keyPair';
import { createBackend, type BackendChoice } from '../../../src/ssh/backends/choose';
import { CloudWithSshd } from '../../helpers/cloudWithSshd';
import { withLocalServer } from '../../helpers/localServer';

const hostKey = generateKeyPair();
const userKey = generateKeyPair().privateKey;

/** Serves SSH on a connection by a server that knows no user. */
function serveSsh(socket: net.Socket, algorithms: ssh2.Algorithms = {}): void {
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey], algorithms }, (client) => {
    client.on('error', () => undefined); // its client's way to end
    client.on('authentication', (attempt) => attempt.reject());
  });
  server.injectSocket(socket);
}

const servesOldAlgorithms = (socket: net.Socket): void =>
  serveSsh(socket, { kex: ['diffie-hellman-group1-sha1'] });

describe('An SSH server in the sandbox that fails', () => {
  /** What is logged while a backend gets ready, and why it does not. */
  const begin = async (
    choice: BackendChoice,
    serve: (socket: net.Socket) => void,
    {
      known = hostKey.publicKey,
      onProgress = (): void => undefined,
      signal = AbortSignal.timeout(15_000),
    } = {},
  ): Promise<{ readonly error: unknown; readonly said: string }> => {
    let said = '';
    const log = (line: string): void => void (said += `${line}\n`);
    const error = await withLocalServer((port) => {
      const cloud = new CloudWithSshd({ port, hostKey: known, userKey });
      const options = {
        client: cloud,
        sandbox: { id: 'box', name: 'box' },
        mayStart: false,
        userKey,
        agentProgram: fileURLToPath(import.meta.url),
        onProgress,
        onLink: () => undefined,
        log: { ...silentLogger, info: log, warn: log },
      };
      return createBackend(choice, options)
        .ready(signal)
        .catch((reason: unknown) => reason);
    }, serve);
    return { error, said };
  };

  const failures: {
    readonly name: string;
    readonly serve: (socket: net.Socket) => void;
    readonly known?: string;
    readonly why: RegExp;
  }[] = [
    { name: 'closes at once', serve: (socket) => socket.destroy(), why: /does not answer/ },
    { name: 'ends after its name', serve: (socket) => socket.end('SSH-2.0-x\r\n'), why: /does not answer/ },
    {
      name: 'speaks another version',
      serve: (socket) => socket.write('SSH-1.5-x\r\n'),
      why: /does not answer/,
    },
    {
      name: 'has no algorithms of ours',
      serve: servesOldAlgorithms,
      why: /no matching key exchange algorithm/,
    },
    { name: 'refuses the key', serve: serveSsh, why: /does not let .* in with the key/ },
    {
      name: 'shows another host key',
      serve: serveSsh,
      known: generateKeyPair().publicKey,
      why: /shows another host key/,
    },
  ];
  for (const { name, serve, known, why } of failures) {
    it(`is passed over for the next way at once where it ${name}, and the log says why`, async () => {
      const { error, said } = await begin('auto', serve, known === undefined ? {} : { known });

      // Of the agent, in a cloud that has no other way.
      assert.equal((error as { readonly code?: string }).code, 'unsupported', String(error));
      assert.match(said, new RegExp(`not by the backend sshd: .*${why.source}`));
    });
  }

  it('is tried again where it is the only way that the user wants', async () => {
    const cancelled = new AbortController();
    let connections = 0;

    await begin(
      'sshd',
      (socket) => {
        socket.destroy();
        if (++connections === 2) cancelled.abort();
      },
      { signal: AbortSignal.any([cancelled.signal, AbortSignal.timeout(15_000)]) },
    );

    assert.equal(connections, 2);
  });

  it('is not tried again where it has no algorithms of ours', async () => {
    const { error } = await begin('sshd', servesOldAlgorithms);

    assert.equal((error as { readonly code?: string }).code, 'unavailable', String(error));
  });
});
