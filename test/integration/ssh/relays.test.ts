import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { createDeferred } from '../../../src/base/async';
import { BridgeError, type DialTarget } from '../../../src/ssh/backend';
import { connectRelay } from '../../../src/ssh/backends/dial';
import type { RemoteProcess } from '../../../src/cloud/provider';
import { chooseRelay, targetLine, type Relay } from '../../../src/ssh/backends/relays';
import { eventually } from '../../helpers/eventually';
import { startLocalProcess } from '../../helpers/localProcess';
import { readAll, readOpen } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

interface RelayCase {
  /** As the probe names it. */
  readonly tool: string;
  /** The program that plays it. */
  readonly program: string;
  readonly unix?: true;
  /** Passes the client's end of input on, and goes on with the server's answer. */
  readonly halfClose?: true;
  /** Tells the end of the server's output, though the client says no more. */
  readonly endsWithServer?: true;
  /** Goes on sending to a server that has ended its output. */
  readonly outlivesOutput?: true;
  /** Can be started ahead. */
  readonly waits?: true;
}

const all = { unix: true, halfClose: true, endsWithServer: true, outlivesOutput: true } as const;
const relays: readonly RelayCase[] = [
  { tool: 'perl', program: 'perl', ...all, waits: true },
  { tool: 'python3', program: 'python3', ...all, waits: true },
  { tool: 'ruby', program: 'ruby', ...all },
  { tool: 'node', program: 'node', ...all },
  { tool: 'php', program: 'php', ...all },
  { tool: 'nc:traditional', program: 'nc.traditional', halfClose: true, endsWithServer: true },
  { tool: 'nc:busybox', program: 'busybox', halfClose: true, endsWithServer: true },
  { tool: 'nc:busybox-applet', program: 'busybox', halfClose: true, endsWithServer: true },
  { tool: 'socat', program: 'socat', unix: true, halfClose: true },
  { tool: 'nc:openbsd', program: 'nc.openbsd', unix: true, halfClose: true },
  { tool: 'nc:ncat', program: 'ncat', unix: true, halfClose: true },
  { tool: 'bash', program: 'bash', endsWithServer: true },
  { tool: 'zsh', program: 'zsh', endsWithServer: true },
];
const unixTarget = { kind: 'unix', path: '/tmp/x.sock' } as const;

for (const { tool, program, unix, halfClose, endsWithServer, outlivesOutput, waits } of relays) {
  describe(`relay by ${tool}`, () => {
    const dir = useTempDir();
    let bin: string;
    const servers: net.Server[] = [];
    const streams: Duplex[] = [];
    beforeEach(function () {
      requireTool(this, program);
      // Any nc is called by that name.
      bin = path.join(dir.path, 'bin');
      mkdirSync(bin);
      if (tool.startsWith('nc:')) symlinkSync(`/usr/bin/${program}`, path.join(bin, 'nc'));
    });
    afterEach(async () => {
      for (const stream of streams.splice(0)) stream.destroy();
      for (const server of servers.splice(0)) {
        server.close();
        await once(server, 'close');
      }
    });

    /** A server on a port or, with a path, on a Unix socket. */
    async function listen(serve: (socket: net.Socket) => void, address?: string): Promise<DialTarget> {
      const server = net.createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', () => undefined);
        serve(socket);
      });
      servers.push(server);
      server.listen(address === undefined ? { port: 0, host: '127.0.0.1' } : { path: address });
      await once(server, 'listening');
      if (address !== undefined) return { kind: 'unix', path: address };
      return { kind: 'tcp', host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
    }

    function relayFor(target: DialTarget): Relay {
      const relay = chooseRelay(new Set([tool]), target);
      assert.ok(relay, `${tool} has no relay`);
      return relay;
    }

    function start(argv: Relay['argv']): RemoteProcess {
      const PATH = `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`;
      return startLocalProcess(argv, { ...process.env, PATH });
    }

    async function connect(
      child: RemoteProcess,
      { announces }: Relay,
      silentConnectMs?: number,
    ): Promise<Duplex> {
      const stream = await connectRelay(child, announces, AbortSignal.timeout(15_000), silentConnectMs);
      streams.push(stream);
      return stream;
    }

    async function dial(target: DialTarget, silentConnectMs?: number): Promise<Duplex> {
      const relay = relayFor(target);
      return connect(start(relay.argv), relay, silentConnectMs);
    }

    /** Sends data to a server that gives it back, and reads as much. */
    async function assertEcho(target: DialTarget): Promise<void> {
      const data = randomBytes(1024 * 1024);
      const stream = await dial(target);
      stream.write(data);
      assert.ok((await readBytes(stream, data.length)).equals(data));
    }

    it('carries bytes both ways, unchanged', async () => {
      await assertEcho(await listen((socket) => socket.pipe(socket)));
    });

    if (unix) {
      it('reaches a Unix socket', async () => {
        await assertEcho(await listen((socket) => socket.pipe(socket), path.join(dir.path, 'echo.sock')));
      });
    } else {
      it('is not chosen for a Unix socket', () => {
        assert.equal(chooseRelay(new Set([tool]), unixTarget), undefined);
      });
    }

    if (waits) {
      for (const [name, file] of [
        ['port', undefined],
        ['Unix socket of any name', 'a\n\'ü" $x.sock'],
      ] as const) {
        it(`started ahead, connects to a ${name} once it is told`, async () => {
          const target = await listen(
            (socket) => socket.pipe(socket),
            file === undefined ? undefined : path.join(dir.path, file),
          );
          const relay = relayFor(target);
          const child = start(relay.waitingArgv!);

          child.stdin.write(targetLine(target));

          const stream = await connect(child, relay);
          stream.write('first bytes');
          assert.equal((await readBytes(stream, 11)).toString(), 'first bytes');
        });
      }

      it('started ahead, ends with its input when it is not needed', async () => {
        const child = start(relayFor(unixTarget).waitingArgv!);

        child.stdin.end();

        assert.deepEqual(await child.exited, { code: 0 });
      });
    }

    if (halfClose) {
      it('passes the end of input on and brings the answer to it', async () => {
        const target = await listen((socket) => {
          let length = 0;
          socket.on('data', (chunk) => (length += chunk.length));
          socket.on('end', () => socket.end(`got ${length}`));
        });
        const stream = await dial(target);

        stream.end(Buffer.alloc(300_000));

        assert.equal((await readAll(stream)).toString(), 'got 300000');
      });
    }

    if (endsWithServer) {
      it('ends with the server, after all that it sent', async () => {
        const data = randomBytes(512 * 1024);
        const stream = await dial(await listen((socket) => socket.end(data)));

        assert.ok((await readAll(stream)).equals(data));
      });
    }

    if (outlivesOutput) {
      it('brings what the client sends after the end of output', async () => {
        const received = createDeferred<Buffer>();
        const target = await listen((socket) => {
          socket.end('over');
          void readAll(socket).then((data) => received.resolve(data));
        });
        const stream = await dial(target);
        const closed = once(stream, 'close');
        const data = randomBytes(300_000);

        assert.equal(String(await readOpen(stream)), 'over');
        stream.end(data);

        assert.ok((await received.promise).equals(data));
        await closed;
      });
    }

    it('is refused where nobody listens', async () => {
      const target = await listen(() => undefined);
      const server = servers.pop()!;
      server.close();
      await once(server, 'close');

      // However slow the computer is, a relay that cannot connect has ended by then.
      const refused = dial(target, 10_000);
      await assert.rejects(refused, (error) => error instanceof BridgeError && error.code === 'refused');
    });

    it('closes the connection when the stream is destroyed', async () => {
      let sockets = 0;
      const target = await listen((socket) => {
        sockets++;
        socket.resume().once('close', () => sockets--);
        socket.once('end', () => socket.end());
      });
      const stream = await dial(target);
      await eventually(() => assert.equal(sockets, 1));

      stream.destroy();

      await eventually(() => assert.equal(sockets, 0));
    });
  });
}

async function readBytes(stream: Duplex, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let got = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    got += chunk.length;
    if (got >= length) break;
  }
  return Buffer.concat(chunks);
}
