import { createDeadline } from '../base/deadline';
import { CloudError } from '../cloud/errors';
import type { Transport } from '../cloud/provider';

const probeTimeoutMs = 15_000;
const maxOutputBytes = 4096;

/**
 * Prints the first folder that is a sensible one to open: where the sandbox itself starts its commands, else a usual
 * workspace, else the home folder. Never the root: an editor would watch and search the whole machine.
 */
const script =
  'for d in "$PWD" /workspace /workspaces "$HOME" /root /tmp; do ' +
  'if [ -n "$d" ] && [ "$d" != / ] && cd "$d" 2>/dev/null; then pwd; exit 0; fi; done; exit 1';

/** Asks a running sandbox which folder to open first; undefined if it gives no usable answer. */
export async function probeFolder(transport: Transport, signal?: AbortSignal): Promise<string | undefined> {
  const deadline = createDeadline(probeTimeoutMs, timedOut, signal);
  try {
    return parseFolder(await runProbe(transport, deadline.signal));
  } finally {
    deadline.dispose();
  }
}

async function runProbe(transport: Transport, signal: AbortSignal): Promise<string> {
  const process = await transport.exec({ argv: ['/bin/sh', '-c', script] }, signal);
  const onAbort = (): void => process.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    process.stdin.end();
    process.stderr.resume();
    return await readStart(process.stdout);
  } finally {
    signal.removeEventListener('abort', onAbort);
    process.exited.catch(() => undefined);
    process.kill();
  }
}

function timedOut(): CloudError {
  return new CloudError('unreachable', `The sandbox did not answer in ${probeTimeoutMs / 1000} s`);
}

async function readStart(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxOutputBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The folder in the probe's output, if it is one absolute path on one line. */
export function parseFolder(output: string): string | undefined {
  const line = output.replace(/\r?\n$/, '');
  // eslint-disable-next-line no-control-regex -- a path with control characters is not one to put into a URI
  const isPath = /^\/[^\u0000-\u001f\u007f\ufffd]+$/.test(line) && line.length <= 1024;
  return isPath ? line : undefined;
}
