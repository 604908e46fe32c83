/** The SSH server that a sandbox may run by itself. */
import { once } from 'node:events';
import * as net from 'node:net';
import { abortReason } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { CloudError } from '../errors';
import { errorOfNetwork } from '../httpErrors';
import type { SocketAddress } from './addresses';

const TIMEOUT_MS = 5_000;
/** How an SSH server begins (RFC 4253 section 4.2). */
const IDENTIFICATION = 'SSH-';

/** Opens a TCP connection. Rejects as `unreachable`. */
export async function dialTcp({ host, port }: SocketAddress, signal?: AbortSignal): Promise<net.Socket> {
  const what = 'reach the SSH server of the sandbox';
  const timedOut = (): CloudError => new CloudError('unreachable', `Cannot ${what}: ${host} does not answer`);
  const deadline = createDeadline(TIMEOUT_MS, timedOut, signal);
  const socket = net.connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal: deadline.signal });
    return socket;
  } catch (error) {
    socket.destroy();
    if (deadline.signal.aborted) throw abortReason(deadline.signal);
    throw errorOfNetwork(what, host, error);
  } finally {
    deadline.dispose();
  }
}

/** Whether an SSH server answers there: a sandbox's port is not always one that can be reached from here. */
export async function answersSsh(address: SocketAddress, signal?: AbortSignal): Promise<boolean> {
  const controller = createDeadline(TIMEOUT_MS, () => new CloudError('unreachable', 'silent'), signal);
  let socket: net.Socket | undefined;
  try {
    socket = await dialTcp(address, controller.signal);
    // RFC 4253 section 4.2 lets a server send other lines before; those of sandboxes do not.
    const [greeting] = (await once(socket, 'data', { signal: controller.signal })) as [Buffer];
    return greeting.toString('latin1').startsWith(IDENTIFICATION);
  } catch {
    signal?.throwIfAborted();
    return false;
  } finally {
    socket?.destroy();
    controller.dispose();
  }
}
