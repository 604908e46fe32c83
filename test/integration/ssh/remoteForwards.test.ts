import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { BridgeHost } from '../../helpers/bridgeHost';
import { eventually } from '../../helpers/eventually';
import { connectTo, ForwardingSsh, freePort } from '../../helpers/forwards';
import { LocalBackend } from '../../helpers/localBackend';
import { withLocalServer } from '../../helpers/localServer';
import { readAll, readOpen, sha256 } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { withoutWaits } from '../../helpers/waits';

describe('ssh -R', () => {
  let backend: LocalBackend;
  let host: BridgeHost;
  before(function () {
    requireTool(this, 'ssh');
  });
  beforeEach(async () => {
    host = await BridgeHost.open(() => (backend = new LocalBackend()));
  });
  afterEach(() => host.close());

  /** An ssh with a remote forward to an echo server of this computer, or to another. */
  function withForward(
    address: number | string,
    use: (ssh: ForwardingSsh) => Promise<void>,
    serve?: (socket: net.Socket) => void,
  ): Promise<void> {
    return withLocalServer(async (port) => {
      const ssh = await ForwardingSsh.open(host, ['-R', `${address}:127.0.0.1:${port}`]);
      await use(ssh);
      await ssh.close();
    }, serve);
  }

  const addresses = [
    { name: 'a port', choose: freePort },
    { name: 'a Unix socket', choose: () => Promise.resolve(path.join(host.dir, 's')) },
  ];
  for (const { name, choose } of addresses) {
    describe(`from ${name} in the sandbox`, () => {
      it('carries every byte, both ways', async () => {
        const data = randomBytes(4 * 1024 * 1024);
        const address = await choose();

        await withForward(address, async () => {
          const socket = await connectTo(address);
          socket.end(data);
          assert.equal(sha256(await readAll(socket)), sha256(data));
        });
      });

      it('goes on in one direction once the other has ended', async () => {
        const address = await choose();
        const answerAtTheEnd = (socket: net.Socket): void =>
          void readOpen(socket).then((data) => socket.end(sha256(data)));

        await withForward(
          address,
          async () => {
            const socket = await connectTo(address);
            socket.end('question');
            assert.equal((await readAll(socket)).toString(), sha256(Buffer.from('question')));
          },
          answerAtTheEnd,
        );
      });

      it('serves many connections at once', async () => {
        const address = await choose();

        await withForward(address, async () => {
          const echo = async (index: number): Promise<string> => {
            const socket = await connectTo(address);
            socket.end(`connection ${index}`);
            return (await readAll(socket)).toString();
          };
          const indexes = Array.from({ length: 50 }, (_, index) => index);
          assert.deepEqual(
            await Promise.all(indexes.map(echo)),
            indexes.map((index) => `connection ${index}`),
          );
        });
      });

      it('ends a connection that the client does not take', async () => {
        const address = await choose();
        const ssh = await ForwardingSsh.open(host, ['-R', `${address}:127.0.0.1:${await freePort()}`]);

        const socket = await connectTo(address);

        assert.equal((await readAll(socket)).length, 0);
        await ssh.close();
      });

      it('no longer listens once ssh has ended', async () => {
        const address = await choose();

        await withForward(address, () => Promise.resolve());

        await eventually(() => assert.rejects(connectTo(address), { code: /ECONNREFUSED|ENOENT/ }));
      });
    });
  }

  it('listens at each loopback address, whatever address is asked for', async () => {
    const port = await freePort();

    await withForward(`0.0.0.0:${port}`, () => {
      assert.deepEqual(backend.addresses, [`127.0.0.1:${port}`, `::1:${port}`]);
      return Promise.resolve();
    });
  });

  it('tells which port it has chosen', async () => {
    await withForward(0, async (ssh) => {
      const [, port] = await eventually(() => {
        const found = /Allocated port (\d+) for remote forward/.exec(ssh.stderr);
        assert.ok(found, ssh.stderr);
        return found;
      });
      const socket = await connectTo(Number(port));
      socket.end('hello');
      assert.equal((await readAll(socket)).toString(), 'hello');
    });
  });

  it('is refused where another listens', () =>
    withLocalServer(async (taken) => {
      const blocked = net.createServer();
      await once(blocked.listen(taken, '::1'), 'listening');
      const options = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${taken}:127.0.0.1:1`];

      const { code, stderr } = await host.run('ssh', [...options, host.alias]);

      blocked.close();
      assert.equal(code, 255);
      assert.match(stderr, /remote port forwarding failed/);
    }));

  it('is refused where a file is in the way of the socket', async () => {
    const file = path.join(host.dir, 'file');
    writeFileSync(file, '');
    const options = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${file}:127.0.0.1:1`];

    const { code, stderr } = await host.run('ssh', [...options, host.alias]);

    assert.equal(code, 255);
    assert.match(stderr, /remote port forwarding failed/);
  });

  it('ends when it is cancelled; connections that are open go on', async () => {
    const control = path.join(host.dir, 'c');
    const port = await freePort();
    await withLocalServer(async (target) => {
      const forward = ['-R', `${port}:127.0.0.1:${target}`];
      const ssh = await ForwardingSsh.open(host, ['-M', '-S', control, ...forward]);
      const socket = await connectTo(port);

      const { code, stderr } = await host.run('ssh', ['-S', control, '-O', 'cancel', ...forward, host.alias]);

      assert.deepEqual([code, withoutWaits(stderr)], [0, '']);
      await eventually(() => assert.deepEqual(backend.addresses, []));
      socket.end('still there');
      assert.equal((await readAll(socket)).toString(), 'still there');
      await ssh.close();
    });
  });
});
