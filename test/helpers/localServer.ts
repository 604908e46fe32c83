import { once } from 'node:events';
import * as net from 'node:net';

/** Runs a server on a port of this computer for as long as `use` takes; an echo server unless told. */
export async function withLocalServer<T>(
  use: (port: number) => Promise<T>,
  serve: (socket: net.Socket) => void = (socket) => socket.pipe(socket),
): Promise<T> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined); // its client's way to end
    serve(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await use((server.address() as net.AddressInfo).port);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}
