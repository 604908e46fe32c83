// A WebSocket on stdin and stdout, for ssh's ProxyCommand. Usage: node webSocketStdio.mjs URL
import { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';

const tunnel = createWebSocketStream(new WebSocket(process.argv[2], { perMessageDeflate: false }));
const finish = (error) => process.exit(error ? 1 : 0);
pipeline(new Socket({ fd: 0, writable: false }), tunnel, () => undefined);
// Not process.stdout, which writes to a pipe synchronously.
pipeline(tunnel, new Socket({ fd: 1, readable: false }), finish);
