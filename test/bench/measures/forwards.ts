import { once } from 'node:events';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { connectBySocks, connectTo, freePort } from '../../helpers/forwards';
import type { Figures } from '../bench';
import type { Span } from '../command';
import { median, percentile } from '../statistics';
import type { SshTarget } from '../target';
import { echoOf, roundTrips } from './latency';
import { megabytesPerSecond, PAYLOAD_BYTES } from './throughput';

const OPENINGS = 20;
const BETWEEN_OPENINGS_MS = 100;
const REQUESTS = 200;
/** How many connections a browser opens to one server at once. */
const AT_ONCE = 6;
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** TCP ports of the servers in the sandbox. */
export type ServerPorts = Readonly<Record<'echo' | 'source' | 'sink' | 'page', number>>;

export function forwardThroughput(target: SshTarget, ports: ServerPorts): Promise<Figures> {
  return throughForwards(target, [ports.source, ports.sink], async ([source, sink]) => ({
    'throughput.down.forward': megabytesPerSecond([await download(source!)]),
    'throughput.up.forward': megabytesPerSecond([await upload(sink!)]),
  }));
}

/** The first byte there and back on new connections, and then on one that is open. */
export function forwardLatency(target: SshTarget, ports: ServerPorts): Promise<Figures> {
  return throughForwards(target, [ports.echo], async ([port]) => {
    const openings: number[] = [];
    for (let opening = 0; opening < OPENINGS; opening++) {
      openings.push(await timeToOpen(port!));
      // One by one, as a person's programs open them; `dynamic.200` is the burst.
      await setTimeout(BETWEEN_OPENINGS_MS);
    }
    const socket = await connectTo(port!);
    const times = await roundTrips(echoOf(socket));
    socket.destroy();
    return {
      'forward.open': median(openings),
      'echo.forward.p50': percentile(times, 50),
      'echo.forward.p99': percentile(times, 99),
    };
  });
}

/** Short connections through a SOCKS proxy, a few at a time. */
export async function dynamicForward(target: SshTarget, ports: ServerPorts): Promise<Figures> {
  const proxy = await freePort();
  const session = await target.open('-D', `127.0.0.1:${proxy}`);
  try {
    const begin = performance.now();
    let left = REQUESTS;
    const work = async (): Promise<void> => {
      while (left-- > 0) await request(await connectBySocks(proxy, '127.0.0.1', ports.page));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return { 'dynamic.200': performance.now() - begin };
  } finally {
    await session.close();
  }
}

async function throughForwards(
  target: SshTarget,
  remotePorts: readonly number[],
  measure: (localPorts: readonly number[]) => Promise<Figures>,
): Promise<Figures> {
  const localPorts = await Promise.all(remotePorts.map(freePort));
  const options = remotePorts.flatMap((port, index) => [
    '-L',
    `127.0.0.1:${localPorts[index]}:127.0.0.1:${port}`,
  ]);
  const session = await target.open(...options);
  try {
    return await measure(localPorts);
  } finally {
    await session.close();
  }
}

async function timeToOpen(port: number): Promise<number> {
  const begin = performance.now();
  const socket = await connectTo(port);
  socket.write('x');
  await once(socket, 'data');
  const time = performance.now() - begin;
  socket.destroy();
  return time;
}

async function download(port: number): Promise<Span> {
  const socket = await connectTo(port);
  const begin = performance.now();
  socket.write(`${PAYLOAD_BYTES}\n`);
  expectBytes(await drain(socket), PAYLOAD_BYTES);
  const end = performance.now();
  socket.end();
  return { begin, end };
}

async function upload(port: number): Promise<Span> {
  const socket = await connectTo(port);
  const chunk = Buffer.alloc(64 * 1024);
  const begin = performance.now();
  for (let left = PAYLOAD_BYTES; left > 0; left -= chunk.length) {
    if (!socket.write(chunk.subarray(0, left))) await once(socket, 'drain');
  }
  socket.end();
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expectBytes(Number(answer), PAYLOAD_BYTES);
  return { begin, end: performance.now() };
}

async function request(socket: Socket): Promise<void> {
  socket.write(REQUEST);
  await drain(socket);
  socket.end();
}

/** How many bytes come until the end. */
async function drain(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk) => (bytes += chunk.length));
  await once(socket, 'end');
  return bytes;
}

/** A rate of bytes that were lost would be none. */
function expectBytes(found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`${found} bytes came through a forward, not ${wanted}`);
}
