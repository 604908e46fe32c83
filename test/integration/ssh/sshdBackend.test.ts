import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { createDeferred } from '../../../src/base/async';
import { generateKeyPair } from '../../../src/keys/keyPair';
import type { RemoteProcess } from '../../../src/cloud/provider';
import type { IncomingConnection } from '../../../src/ssh/backend';
import type { SshdBackend } from '../../../src/ssh/backends/sshd';
import { CloudWithSshd } from '../../helpers/cloudWithSshd';
import { eventually } from '../../helpers/eventually';
import { connectTo, freePort } from '../../helpers/forwards';
import { withLocalServer } from '../../helpers/localServer';
import { collect, readAll, readOpen, sha256 } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { SshdHost } from '../../helpers/sshd';

describe('the backend sshd', () => {
  const sandbox = useSandbox({ runtime: 'bubblewrap' }, (context) => {
    requireTool(context, 'ssh', 'sshd', 'bwrap');
  });
  const never = new AbortController().signal;
  let sshd: SshdHost;
  let cloud: CloudWithSshd;
  let backend: SshdBackend;
  before(async () => {
    sshd = await SshdHost.start(sandbox.current, ['Subsystem sftp /usr/lib/openssh/sftp-server']);
  });
  beforeEach(async () => {
    cloud = new CloudWithSshd(sshd);
    backend = cloud.createBackend();
    await backend.ready(never);
  });
  afterEach(() => backend.close());

  describe('runs a command:', () => {
    const commands = [
      { name: 'its outputs, apart', command: 'echo out; echo err >&2', stdout: 'out\n', stderr: 'err\n' },
      { name: 'its exit code', command: 'exit 3', status: { code: 3 } },
      { name: 'the signal that ended it', command: 'kill -TERM $$', status: { signal: 'TERM' } },
      { name: 'its input and the end of it', command: 'cat', input: 'in', stdout: 'in' },
    ];
    for (const { name, command, input, stdout = '', stderr = '', status = { code: 0 } } of commands) {
      it(name, async () => {
        const process = await backend.exec(command, { env: {} }, never);

        assert.deepEqual(await collect(process, input), { stdout, stderr, status });
      });
    }

    it('every byte unchanged, both ways', async () => {
      const data = randomBytes(16 * 1024 * 1024);
      const process = await backend.exec('cat', { env: {} }, never);
      process.stdin.end(data);

      assert.equal(sha256(await readAll(process.stdout)), sha256(data));
    });

    // An sshd that root has logged in to sends no signals (session.c: "requires privilege separation").
    it('its end when it is killed: it has no outputs any more', async () => {
      const command = 'echo $$; while sleep 0.1; do echo on; done';
      const process = await backend.exec(command, { env: {} }, never);
      const [pid] = (await once(process.stdout, 'data')) as [Buffer];
      process.kill();

      assert.deepEqual(await process.exited, { signal: 'KILL' });
      await eventually(async () => {
        const look = await backend.exec(`kill -0 ${parseInt(String(pid))}`, { env: {} }, never);
        assert.deepEqual((await collect(look)).status, { code: 1 });
      });
    });

    it('what it leaves unread holds it, and nothing else', async () => {
      const unread = await backend.exec('yes', { env: {} }, never);
      const other = await backend.exec('echo fine', { env: {} }, never);

      assert.equal((await collect(other)).stdout, 'fine\n');
      assert.ok(unread.stdout.readableLength <= 4 * 1024 * 1024);
      unread.kill();
      await unread.exited;
    });
  });

  it('gives a terminal its size, its type and its modes, and resizes it', async () => {
    const modes = { 53: 0 }; // no ECHO
    const terminal = { type: 'xterm-test', columns: 91, rows: 17, modes };
    const script = 'echo $TERM; stty size; stty -a | grep -o -- "-echo "; read x; stty size';
    const process = await backend.exec(script, { env: {}, terminal }, never);
    let shown = '';
    process.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    process.stderr.resume();
    await eventually(() => assert.equal(shown, 'xterm-test\r\n17 91\r\n-echo \r\n'));
    process.resize({ columns: 50, rows: 20 });
    process.stdin.write('\n');

    await process.exited;
    assert.match(shown, /20 50\r\n$/);
  });

  it('gives a login shell', async () => {
    const process = await backend.shell({ env: {} }, never);

    const { stdout, status } = await collect(process, 'shopt -q login_shell && echo login; exit 4\n');

    assert.deepEqual([stdout, status], ['login\n', { code: 4 }]);
  });

  describe('dials', () => {
    it('a port, with an end of each direction', () =>
      withLocalServer(
        async (port) => {
          const stream = await backend.dial({ kind: 'tcp', host: '127.0.0.1', port }, never);
          stream.end('question');
          assert.equal((await readAll(stream)).toString(), sha256(Buffer.from('question')));
        },
        (socket) => void readOpen(socket).then((data) => socket.end(sha256(data))),
      ));

    it('what does not answer, and says that it is refused', async () => {
      const port = await freePort();

      await assert.rejects(backend.dial({ kind: 'tcp', host: '127.0.0.1', port }, never), {
        code: 'refused',
      });
    });
  });

  describe('listens', () => {
    const hello = ({ stream }: IncomingConnection): void => void stream.end('hello');

    it('at any free port', async () => {
      const { port } = await backend.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, hello, never);

      assert.equal((await readAll(await connectTo(port))).toString(), 'hello');
    });

    it('and tells who connects', async () => {
      const peer = createDeferred<IncomingConnection>();
      const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
      const { port } = await backend.listen(address, (connection) => peer.resolve(connection), never);
      const socket = await connectTo(port);

      const { host, port: from, stream } = await peer.promise;

      assert.deepEqual([host, from], ['127.0.0.1', socket.localPort]);
      stream.destroy();
      socket.destroy();
    });

    it('until it is closed', async () => {
      const listener = await backend.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, hello, never);
      listener.close();

      await eventually(() => assert.rejects(connectTo(listener.port), { code: 'ECONNREFUSED' }));
    });

    it('at a Unix socket of the sandbox', async () => {
      const socket = '/tmp/listener';
      await backend.listen({ kind: 'unix', path: socket }, hello, never);

      const stream = await backend.dial({ kind: 'unix', path: socket }, never);

      assert.equal((await readAll(stream)).toString(), 'hello');
    });

    it('not where another does', () =>
      withLocalServer(async (port) => {
        const address = { kind: 'tcp', host: '127.0.0.1', port } as const;

        await assert.rejects(backend.listen(address, hello, never), { code: 'refused' });
      }));
  });

  const connectToAgent =
    'import os,socket; s=socket.socket(socket.AF_UNIX); s.connect(os.environ["SSH_AUTH_SOCK"]); print(s.recv(5).decode())';

  it('leads programs to the agent that is lent to them', async () => {
    const request = { env: {}, onAgentConnection: (stream: Duplex): void => void stream.end('hello') };

    const process = await backend.exec(`python3 -c '${connectToAgent}'`, request, never);

    assert.equal((await collect(process)).stdout, 'hello\n');
  });

  it('serves files by the subsystem of the server', async () => {
    const process = await backend.sftp(never);

    assert.ok(await speaksSftp(process));
  });

  describe('before a server that offers less', () => {
    const other = useSandbox({ runtime: 'bubblewrap' }, (context) =>
      requireTool(context, 'ssh', 'sshd', 'bwrap'),
    );
    let lesser: SshdBackend;
    before(async () => {
      lesser = new CloudWithSshd(
        await SshdHost.start(other.current, ['AllowAgentForwarding no']),
      ).createBackend();
      await lesser.ready(never);
    });
    after(() => lesser.close());

    it('serves files by a program of the sandbox', async () => {
      assert.ok(await speaksSftp(await lesser.sftp(never)));
    });

    it('runs a command without the agent', async () => {
      const request = { env: {}, onAgentConnection: (stream: Duplex): void => void stream.destroy() };

      const process = await lesser.exec('echo "${SSH_AUTH_SOCK-none}"', request, never);

      assert.equal((await collect(process)).stdout, 'none\n');
    });
  });

  describe('does not begin', () => {
    const begin = (userKey?: string): Promise<unknown> => {
      const other = cloud.createBackend(userKey);
      return other.ready(never).finally(() => other.close());
    };

    it('where the sandbox has no SSH server', async () => {
      cloud.service = undefined;

      await assert.rejects(begin(), { code: 'unavailable', message: /box runs no SSH server/ });
    });

    it('where the server shows another host key than the cloud tells of', async () => {
      cloud.service = { ...cloud.service!, hostKeys: [generateKeyPair().publicKey] };

      await assert.rejects(begin(), { code: 'unavailable', message: /another host key/ });
    });

    it('where the server does not know the key', async () => {
      await assert.rejects(begin(generateKeyPair().privateKey), {
        code: 'unavailable',
        message: /does not let .* in with the key/,
      });
    });

    it('where the sandbox is stopped', async () => {
      await cloud.stop('box');

      await assert.rejects(begin(), { code: 'stopped' });
    });
  });

  /** One to the same server, whose connection to it is shown. */
  const beginByTunnel = async (): Promise<{ readonly cut: SshdBackend; readonly tunnel: net.Socket }> => {
    const tunnel = await connectTo(sshd.port);
    cloud.service = { ...cloud.service!, dial: () => Promise.resolve(tunnel) };
    const cut = cloud.createBackend();
    await cut.ready(never);
    return { cut, tunnel };
  };

  it('ends in peace although the connection is reset at that moment', async () => {
    const { cut, tunnel } = await beginByTunnel();
    tunnel.once('finish', () => tunnel.destroy(new Error('reset')));

    await cut.close();
  });

  it('says that the server is lost, to what runs and what is asked for later', async () => {
    const { cut, tunnel } = await beginByTunnel();
    const process = await cut.exec('sleep 60', { env: {} }, never);
    process.stdout.resume();
    process.stderr.resume();

    tunnel.destroy();

    await assert.rejects(process.exited, { code: 'lost' });
    await assert.rejects(cut.exec('true', { env: {} }, never), { code: 'lost' });
  });
});

/** Whether it answers SSH_FXP_INIT with SSH_FXP_VERSION (draft-ietf-secsh-filexfer-02 section 4). */
async function speaksSftp(process: RemoteProcess): Promise<boolean> {
  process.stdin.write(Buffer.of(0, 0, 0, 5, 1, 0, 0, 0, 3));
  const [answer] = (await once(process.stdout, 'data')) as [Buffer];
  await collect(process);
  return answer[4] === 2;
}
