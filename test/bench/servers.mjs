// Servers to forward connections to. Prints one line of JSON, {NAME: PORT}; ends with its stdin.
import { Buffer } from 'node:buffer';
import { createServer } from 'node:net';

const ANSWER = Buffer.alloc(10_000, 'x');
const CHUNK = Buffer.alloc(64 * 1024);

/** Gives back each byte. */
function echo(socket) {
  socket.setNoDelay(true);
  socket.pipe(socket);
}

/** Sends as many bytes as the first line of the client says, and closes. */
function source(socket) {
  socket.once('data', async (line) => {
    let left = Number(line);
    while (left > 0) {
      const chunk = CHUNK.subarray(0, left);
      left -= chunk.length;
      if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
    }
    socket.end();
  });
}

/** Reads to the end, and then answers with how many bytes there were. */
function sink(socket) {
  let bytes = 0;
  socket.on('data', (chunk) => (bytes += chunk.length));
  socket.on('end', () => socket.end(`${bytes}`));
}

/** Answers the first bytes with a small document, as to a browser. */
function page(socket) {
  socket.once('data', () => socket.end(ANSWER));
}

async function listen(serve) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

const ports = {};
for (const serve of [echo, source, sink, page]) ports[serve.name] = await listen(serve);
console.log(JSON.stringify(ports));
process.stdin.on('end', () => process.exit(0)).resume();
