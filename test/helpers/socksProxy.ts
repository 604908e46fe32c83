import { once } from 'node:events';
import * as net from 'node:net';
import { ByteReader } from '../../src/base/byteReader';

export interface SocksProxy {
  /** `host:port`, on loopback. */
  readonly host: string;
  /** What was asked for, as `version name:port`. */
  readonly targets: readonly string[];
  /** The credentials that came with it, as `user:password`; empty where there were none. */
  readonly credentials: readonly string[];
  close(): Promise<void>;
}

interface Asked {
  readonly version: 4 | 5;
  readonly host: string;
  readonly port: number;
  readonly credentials: string;
}

const noAuthentication = 0;
const userAndPassword = 2;

/** A proxy for SOCKS 4a and 5 (RFC 1928, RFC 1929) that sends every name to loopback, or refuses all. */
export async function serveSocks({ refuses = false } = {}): Promise<SocksProxy> {
  const sockets = new Set<net.Socket>();
  const targets: string[] = [];
  const credentials: string[] = [];
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    void asked(socket).then((request) => {
      targets.push(`${request.version} ${request.host}:${request.port}`);
      credentials.push(request.credentials);
      if (refuses) return void socket.end(answer(request.version, false));
      const target = net.connect(request.port, '127.0.0.1');
      sockets.add(target);
      target.on('error', () => socket.destroy()).on('close', () => socket.destroy());
      socket.on('close', () => target.destroy()).write(answer(request.version, true));
      socket.pipe(target).pipe(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    targets,
    credentials,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

async function asked(socket: net.Socket): Promise<Asked> {
  const reader = new ByteReader(socket);
  const version = await byte(reader);
  const request = version === 4 ? await askedBySocks4(reader) : await askedBySocks5(reader, socket);
  reader.release();
  return request;
}

async function askedBySocks4(reader: ByteReader): Promise<Asked> {
  const head = await reader.read(7);
  const user = await reader.readUntil('\0', 256);
  const host = await reader.readUntil('\0', 256);
  return { version: 4, host: String(host), port: head.readUInt16BE(1), credentials: String(user) };
}

async function askedBySocks5(reader: ByteReader, socket: net.Socket): Promise<Asked> {
  const methods = await reader.read(await byte(reader));
  const isNamed = methods.includes(userAndPassword);
  socket.write(Buffer.from([5, isNamed ? userAndPassword : noAuthentication]));
  const credentials = isNamed ? await namedBy(reader) : '';
  if (isNamed) socket.write(Buffer.from([1, 0]));
  await reader.read(4);
  const host = await text(reader);
  return { version: 5, host, port: (await reader.read(2)).readUInt16BE(), credentials };
}

async function namedBy(reader: ByteReader): Promise<string> {
  await reader.read(1);
  return `${await text(reader)}:${await text(reader)}`;
}

/** Reply field: 0x5a is "request granted" in version 4, 0 "succeeded" in version 5; 0x5b and 2 refuse. */
function answer(version: 4 | 5, isGranted: boolean): Buffer {
  return version === 4
    ? Buffer.from([0, isGranted ? 0x5a : 0x5b, 0, 0, 0, 0, 0, 0])
    : Buffer.from([5, isGranted ? 0 : 2, 0, 1, 0, 0, 0, 0, 0, 0]);
}

async function text(reader: ByteReader): Promise<string> {
  return (await reader.read(await byte(reader))).toString();
}

async function byte(reader: ByteReader): Promise<number> {
  return (await reader.read(1)).readUInt8();
}
