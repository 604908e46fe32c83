import { lookup } from 'node:dns/promises';
import * as net from 'node:net';
import type { SocketAddress } from '../agentProtocol/operations';
import { abortReason } from '../base/async';
import { createDeadline } from '../base/deadline';
import { OperationError } from './operationError';
import { socketPath } from './socketPath';
import { systemReason } from './systemReason';

/** The kernel tries for two minutes, which is longer than anyone waits. */
const CONNECT_MS = 30_000;

/**
 * Connects from inside the sandbox; of a name with several addresses, to the first that answers. Relative paths begin
 * at `home`. Rejects as `refused`, with the system's reason, or with the signal's reason.
 */
export async function dial(target: SocketAddress, home: string, signal: AbortSignal): Promise<net.Socket> {
  const timedOut = (): Error => new OperationError('refused', 'The target does not answer');
  const deadline = createDeadline(CONNECT_MS, timedOut, signal);
  try {
    if (target.kind === 'unix')
      return await connect({ path: socketPath(home, target.path) }, deadline.signal);
    return await connectToAny(await addressesOf(target.host), target.port, deadline.signal);
  } catch (cause) {
    if (deadline.signal.aborted) throw abortReason(deadline.signal);
    if (cause instanceof OperationError) throw cause;
    throw new OperationError('refused', systemReason(cause), { cause });
  } finally {
    deadline.dispose();
  }
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

async function connectToAny(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<net.Socket> {
  let failure: unknown = new Error('The name has no address');
  for (const host of addresses) {
    try {
      return await connect({ host, port }, signal);
    } catch (error) {
      failure = error;
    }
    if (signal.aborted) break;
  }
  throw failure;
}

function connect(options: net.NetConnectOpts, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortReason(signal));
      return;
    }
    const socket = net.connect({ ...options, allowHalfOpen: true });
    const onAbort = (): void => void socket.destroy(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', onAbort));
    socket.on('error', reject);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(socket);
    });
  });
}
