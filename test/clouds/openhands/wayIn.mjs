// First program of a sandbox. A sandbox has a network of its own, so the ingress comes in by a Unix socket: it sends a
// port's number and a line feed, then the bytes for that port. Runs COMMAND as well, and ends with it.
// Usage: wayIn.mjs SOCKET COMMAND…
import { spawn } from 'node:child_process';
import net from 'node:net';

const MAX_PORT_LINE = 6;
const [socketPath, command, ...args] = process.argv.slice(2);

net
  .createServer({ allowHalfOpen: true }, (outside) => void letIn(outside))
  .listen(socketPath, () => {
    spawn(command, args, { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
  });

async function letIn(outside) {
  outside.on('error', () => outside.destroy());
  const port = await readPort(outside);
  const inside = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  inside.on('error', () => outside.destroy());
  outside.on('close', () => inside.destroy());
  outside.pipe(inside).pipe(outside);
}

/** Reads byte by byte up to the line feed, since what follows belongs to the port. */
async function readPort(socket) {
  let line = '';
  while (line.length <= MAX_PORT_LINE) {
    const byte = socket.read(1);
    if (byte === null) await new Promise((resolve) => socket.once('readable', resolve));
    else if (byte.toString() === '\n') return Number(line);
    else line += byte.toString();
  }
  throw new Error('no port came');
}
