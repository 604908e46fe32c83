/** Ways to reach a server in a sandbox by the port forwarding of the real ssh. */
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import { Duplex } from 'node:stream';
import { errnoOf } from '../../src/base/errors';
import { endChild, type SshHost } from './sshHost';

/** An ssh with forwards, which are open once it is made. Its owner closes it. */
export class ForwardingSsh {
  #complaints = '';

  private constructor(readonly child: ChildProcess) {
    child.stderr!.on('data', (chunk: Buffer) => (this.#complaints += chunk.toString()));
  }

  /** ssh binds its local ends before it runs the command, so the command's output says that they are there. */
  static async open(host: SshHost, options: readonly string[]): Promise<ForwardingSsh> {
    const child = host.spawn('ssh', [
      ...['-o', 'ExitOnForwardFailure=yes', ...options],
      ...[host.alias, 'echo ready; exec cat >/dev/null'],
    ]);
    const opened = new ForwardingSsh(child);
    const ended = once(child, 'close').then(() => Promise.reject(new Error(`ssh ended: ${opened.stderr}`)));
    await Promise.race([once(child.stdout!, 'data'), ended]);
    ended.catch(() => undefined);
    return opened;
  }

  get stderr(): string {
    return this.#complaints;
  }

  close(): Promise<void> {
    return endChild(this.child);
  }
}

/**
 * A TCP port of this computer that nobody listens on. It is below those that systems give to who asks for any (on Linux
 * from 32768 on, ip(7)), so that no other connection or server gets it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = net.createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch (error) {
      if (errnoOf(error) === 'EADDRINUSE') continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

export async function connectTo(address: number | string): Promise<net.Socket> {
  const socket =
    typeof address === 'number'
      ? net.connect({ port: address, host: '127.0.0.1', allowHalfOpen: true })
      : net.connect({ path: address, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** Connects through a SOCKS5 proxy (RFC 1928) without authentication, by the target's name. */
export async function connectBySocks(proxyPort: number, host: string, port: number): Promise<net.Socket> {
  const socket = await connectTo(proxyPort);
  socket.write(Buffer.of(5, 1, 0));
  await readExactly(socket, 2);
  const name = Buffer.from(host);
  socket.write(Buffer.concat([Buffer.of(5, 1, 0, 3, name.length), name, Buffer.of(port >> 8, port & 0xff)]));
  await readExactly(socket, 10);
  return socket;
}

async function readExactly(socket: net.Socket, length: number): Promise<Buffer> {
  for (;;) {
    const data = socket.read(length) as Buffer | null;
    if (data) return data;
    await once(socket, 'readable', { signal: AbortSignal.timeout(10_000) });
  }
}

/** The two ends of a program's stdin and stdout as one stream. */
export function stdioOf(child: ChildProcess): Duplex {
  return Duplex.from({ readable: child.stdout!, writable: child.stdin! });
}
