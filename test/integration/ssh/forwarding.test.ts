import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { eventually } from '../../helpers/eventually';
import { connectBySocks, connectTo, ForwardingSsh, freePort, stdioOf } from '../../helpers/forwards';
import { readAll, sha256 } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { BURST, useServers, type ServerName } from '../../helpers/sandboxServers';

const MIB = 1024 * 1024;

describe('forwarding by ssh', () => {
  const sandbox = useSandbox({ runtime: 'bubblewrap' }, (context) =>
    requireTool(context, 'ssh', 'bwrap', 'python3'),
  );
  const servers = useServers(sandbox);
  const opened: ForwardingSsh[] = [];
  afterEach(async () => {
    for (const ssh of opened.splice(0)) await ssh.close();
  });

  async function openSsh(...options: string[]): Promise<ForwardingSsh> {
    const ssh = await ForwardingSsh.open(sandbox.current, options);
    opened.push(ssh);
    return ssh;
  }

  async function forwardTo(target: string): Promise<number> {
    const port = await freePort();
    await openSsh('-L', `${port}:${target}`);
    return port;
  }

  const ways: { name: string; connect: (server: ServerName) => Promise<Duplex> }[] = [
    {
      name: '-L to a port',
      connect: async (server) => connectTo(await forwardTo(`127.0.0.1:${servers[server].port}`)),
    },
    {
      name: '-L to a Unix socket',
      connect: async (server) => connectTo(await forwardTo(servers[server].path)),
    },
    {
      name: '-L from a Unix socket',
      connect: async (server) => {
        const local = path.join(sandbox.current.dir, `${server}-${opened.length}.sock`);
        await openSsh('-o', 'StreamLocalBindUnlink=yes', '-L', `${local}:localhost:${servers[server].port}`);
        return connectTo(local);
      },
    },
    {
      name: '-D',
      connect: async (server) => {
        const port = await freePort();
        await openSsh('-D', `127.0.0.1:${port}`);
        return connectBySocks(port, 'localhost', servers[server].port);
      },
    },
    {
      name: '-W',
      connect: (server) => {
        const { alias } = sandbox.current;
        return Promise.resolve(
          stdioOf(sandbox.current.spawn('ssh', ['-W', `localhost:${servers[server].port}`, alias])),
        );
      },
    },
  ];
  for (const { name, connect } of ways) {
    describe(name, () => {
      it('carries bytes both ways, unchanged', async () => {
        const data = randomBytes(2 * MIB);
        const stream = await connect('echo');

        stream.end(data);

        assert.equal(sha256(await readAll(stream)), sha256(data));
      });

      it('passes the end of input on: the server answers after it', async () => {
        const data = randomBytes(256 * 1024);
        const stream = await connect('digest');

        stream.end(data);

        assert.equal((await readAll(stream)).toString(), sha256(data));
      });

      it('loses nothing of a server that sends and closes at once', async () => {
        const stream = await connect('burst');

        assert.equal(sha256(await readAll(stream)), sha256(BURST));
      });
    });
  }

  it('answers while the connection stays open', async () => {
    const socket = await connectTo(await forwardTo(`127.0.0.1:${servers.echo.port}`));

    for (const word of ['one', 'two', 'three']) {
      socket.write(word);
      await eventually(() => assert.equal(String(socket.read()), word));
    }
    socket.destroy();
  });

  it('carries 16 MB unchanged', async () => {
    const data = randomBytes(16 * MIB);
    const socket = await connectTo(await forwardTo(`127.0.0.1:${servers.echo.port}`));

    socket.end(data);

    assert.equal(sha256(await readAll(socket)), sha256(data));
  });

  it('carries 20 connections at once', async () => {
    const port = await forwardTo(`127.0.0.1:${servers.echo.port}`);

    const results = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const data = randomBytes(64 * 1024);
        const socket = await connectTo(port);
        socket.end(data);
        return (await readAll(socket)).equals(data);
      }),
    );

    assert.deepEqual(results, new Array(20).fill(true));
  });

  it('says nothing on stderr, however many connections there are', async () => {
    const port = await freePort();
    const ssh = await openSsh('-L', `${port}:127.0.0.1:${servers.echo.port}`);

    const sockets = await Promise.all(Array.from({ length: 15 }, () => connectTo(port)));
    for (const socket of sockets) {
      socket.end('x');
      assert.equal(String(await readAll(socket)), 'x');
    }

    assert.equal(ssh.stderr, '');
  });

  const refused = [
    { name: 'a port nobody listens on', target: '127.0.0.1:1', reason: /Connection refused/ },
    {
      name: 'a host that does not exist',
      target: 'no-such-host.invalid:80',
      reason: /Name or service not known|failure in name resolution/,
    },
  ];
  for (const { name, target, reason } of refused) {
    it(`fails to open a connection to ${name}, and says why`, async () => {
      const { code, stderr } = await sandbox.current.run('ssh', ['-W', target, sandbox.current.alias]);

      assert.equal(code, 255);
      assert.match(stderr, /open failed/);
      assert.match(stderr, reason);
    });
  }

  it('fails to open a connection to a Unix socket that does not exist', async () => {
    const port = await freePort();
    const ssh = await openSsh('-L', `${port}:/tmp/no-such.sock`);

    const socket = await connectTo(port);

    assert.equal((await readAll(socket)).length, 0);
    await eventually(() => assert.match(ssh.stderr, /open failed/));
  });

  it('refuses remote forwards', async () => {
    const { code, stderr } = await sandbox.current.run('ssh', [
      ...['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'],
      sandbox.current.alias,
    ]);

    assert.equal(code, 255);
    assert.match(stderr, /remote port forwarding failed/);
  });

  const harmless = [
    { name: 'a remote forward that may fail', options: ['-R', '0:127.0.0.1:1'] },
    { name: 'agent forwarding', options: ['-A'] },
    { name: 'X11 forwarding', options: ['-X'] },
  ];
  for (const { name, options } of harmless) {
    it(`runs commands also with ${name}`, async () => {
      const { code, stdout } = await sandbox.current.run('ssh', [
        ...options,
        sandbox.current.alias,
        'echo fine',
      ]);

      assert.deepEqual([code, stdout.toString()], [0, 'fine\n']);
    });
  }
});
