import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Connection } from 'ssh2';
import { createDeferred } from '../../../src/base/async';
import { silentLogger } from '../../../src/base/logger';
import { BridgeError, describeTarget, type Backend, type DialTarget } from '../../../src/ssh/backend';
import { ClientChannels } from '../../../src/ssh/clientChannels';
import { ForwardedStreams } from '../../../src/ssh/forwardedStreams';
import { serveRemoteForwards } from '../../../src/ssh/remoteForwards';
import type { BridgeContext } from '../../../src/ssh/session';

type Listen = Backend['listen'];

/** The client's side: notes what is asked of it. */
class FakeConnection extends EventEmitter {
  readonly channels: string[] = [];

  forwardOut(address: string, port: number, peer: string, peerPort: number): void {
    this.channels.push(`${address}:${port} from ${peer}:${peerPort}`);
  }

  openssh_forwardOutStreamLocal(path: string): void {
    this.channels.push(path);
  }

  /** Sends a global request; the answer is a port, or what became of it. */
  ask(name: string, info: object, wantsReply = true): Promise<number | 'refused'> {
    const answer = createDeferred<number | 'refused'>();
    const accept = (port = 0): void => answer.resolve(port);
    this.emit('request', wantsReply ? accept : undefined, () => answer.resolve('refused'), name, info);
    return answer.promise;
  }
}

describe('remote forwards', () => {
  const tcp = (bindAddr: string, bindPort: number): object => ({ bindAddr, bindPort });
  let connection: FakeConnection;
  let listening: Map<string, Parameters<Listen>[1]>;
  /** What the backend does when it is told to listen. */
  let onListen: (address: DialTarget) => Promise<number>;

  const listen: Listen = async (address, onConnection) => {
    const port = await onListen(address);
    const name = describeTarget(address.kind === 'tcp' ? { ...address, port } : address);
    listening.set(name, onConnection);
    return { port, close: () => listening.delete(name) };
  };

  const serve = (canListen = true): void => {
    const client = connection as unknown as Connection;
    const channels = new ClientChannels(client, new ForwardedStreams(client), silentLogger);
    const context = {
      backend: { name: 'agent', listen },
      features: { sftp: false, listen: canListen },
      log: silentLogger,
    };
    serveRemoteForwards(client, context as unknown as BridgeContext, channels);
  };

  beforeEach(() => {
    connection = new FakeConnection();
    // One for each connection that is handed over.
    connection.setMaxListeners(0);
    listening = new Map();
    onListen = (address) => Promise.resolve(address.kind === 'tcp' ? address.port || 4000 : 0);
  });

  const addresses = [
    { asked: '', hosts: ['127.0.0.1', '::1'] },
    { asked: '*', hosts: ['127.0.0.1', '::1'] },
    { asked: '0.0.0.0', hosts: ['127.0.0.1', '::1'] },
    { asked: 'localhost', hosts: ['127.0.0.1', '::1'] },
    { asked: 'example.com', hosts: ['127.0.0.1', '::1'] },
    { asked: '127.0.0.1', hosts: ['127.0.0.1'] },
    { asked: '::1', hosts: ['::1'] },
  ];
  for (const { asked, hosts } of addresses) {
    it(`of ${JSON.stringify(asked)} listen at ${hosts.join(' and ')}, at one port`, async () => {
      serve();

      assert.equal(await connection.ask('tcpip-forward', tcp(asked, 0)), 4000);
      assert.deepEqual(
        [...listening.keys()],
        hosts.map((host) => `${host}:4000`),
      );
    });
  }

  it('are content with one address family', async () => {
    onListen = (address) =>
      address.kind === 'tcp' && address.host === '::1'
        ? Promise.reject(new BridgeError('refused', 'No such address'))
        : Promise.resolve(22);
    serve();

    assert.equal(await connection.ask('tcpip-forward', tcp('', 22)), 22);
    assert.deepEqual([...listening.keys()], ['127.0.0.1:22']);
  });

  describe('are refused', () => {
    it('where no address can be had', async () => {
      onListen = () => Promise.reject(new BridgeError('refused', 'In use'));
      serve();

      assert.equal(await connection.ask('tcpip-forward', tcp('', 22)), 'refused');
    });

    it('where the backend cannot listen', async () => {
      serve(false);

      assert.equal(await connection.ask('tcpip-forward', tcp('', 22)), 'refused');
      assert.equal(await connection.ask('streamlocal-forward@openssh.com', { socketPath: '/s' }), 'refused');
    });

    it('at any port, to a client that does not want to know which', async () => {
      serve();

      assert.equal(await connection.ask('tcpip-forward', tcp('', 0), false), 'refused');
    });

    it('beyond 256', async () => {
      serve();
      const ask = (index: number): Promise<unknown> =>
        connection.ask('streamlocal-forward@openssh.com', { socketPath: `/${index}` });
      const answers = await Promise.all(Array.from({ length: 257 }, (_, index) => ask(index)));

      assert.deepEqual(answers.slice(255), [0, 'refused']);
      assert.equal(listening.size, 256);
    });
  });

  describe('end', () => {
    it('when they are cancelled, by the port that was told', async () => {
      serve();
      const port = await connection.ask('tcpip-forward', tcp('', 0));

      assert.equal(await connection.ask('cancel-tcpip-forward', tcp('', Number(port))), 0);
      assert.equal(listening.size, 0);
    });

    it('only if they are the ones that are meant', async () => {
      serve();
      await connection.ask('tcpip-forward', tcp('', 22));

      assert.equal(await connection.ask('cancel-tcpip-forward', tcp('localhost', 22)), 'refused');
      assert.equal(listening.size, 2);
    });

    it('with the connection', async () => {
      serve();
      await connection.ask('tcpip-forward', tcp('', 22));
      connection.emit('close');

      assert.equal(listening.size, 0);
    });

    it('with the connection, also those that begin to listen only then', async () => {
      const slow = createDeferred<number>();
      onListen = () => slow.promise;
      serve();
      const answer = connection.ask('streamlocal-forward@openssh.com', { socketPath: '/s' });
      connection.emit('close');
      slow.resolve(0);
      await answer;

      assert.equal(listening.size, 0);
    });
  });

  describe('hand a connection over', () => {
    it('by the address that was asked for and the port that was told', async () => {
      serve();
      await connection.ask('tcpip-forward', tcp('localhost', 0));
      listening.get('::1:4000')?.({ stream: new PassThrough(), host: '::1', port: 5000 });

      assert.deepEqual(connection.channels, ['localhost:4000 from ::1:5000']);
    });

    it('by the path of its socket', async () => {
      serve();
      await connection.ask('streamlocal-forward@openssh.com', { socketPath: '/s' });
      listening.get('/s')?.({ stream: new PassThrough(), host: '', port: 0 });

      assert.deepEqual(connection.channels, ['/s']);
    });

    it('to nobody, once the client is gone', async () => {
      serve();
      await connection.ask('streamlocal-forward@openssh.com', { socketPath: '/s' });
      const hand = listening.get('/s');
      connection.emit('close');
      const stream = new PassThrough();
      hand?.({ stream, host: '', port: 0 });

      assert.deepEqual([connection.channels, stream.destroyed], [[], true]);
    });

    it('up to 1024 at a time', async () => {
      serve();
      await connection.ask('streamlocal-forward@openssh.com', { socketPath: '/s' });
      const streams = Array.from({ length: 1025 }, () => new PassThrough());
      for (const stream of streams) listening.get('/s')?.({ stream, host: '', port: 0 });

      assert.equal(connection.channels.length, 1024);
      assert.equal(streams.at(-1)?.destroyed, true);
    });
  });
});
