import { createDeadline } from '../base/deadline';
import { CloudError } from '../cloud/errors';
import type { Transport } from '../cloud/provider';

const PROBE_TIMEOUT_MS = 15_000;
const MAX_OUTPUT_BYTES = 4096;

/**
 * What to propose where a sandbox has no folder that suits: of all below the root, the one that every POSIX system has,
 * and that anybody may write to (POSIX.1-2024, XBD 10.1).
 */
export const fallbackFolder = '/tmp';

/**
 * Prints the first folder that is there, of: the argument, where the sandbox itself starts its commands, a usual
 * workspace, the home folder. Never the root: an editor would watch and search the whole machine.
 */
const script =
  'for d in "$1" "$PWD" /workspace /workspaces "$HOME"; do ' +
  'if [ -n "$d" ] && [ "$d" != / ] && cd "$d" 2>/dev/null; then pwd; exit 0; fi; done; exit 1';

/**
 * Asks a running sandbox which folder to open; undefined if it gives no usable answer.
 * @param wanted absolute path of the folder to prefer
 */
export async function probeFolder(
  transport: Transport,
  wanted?: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const deadline = createDeadline(PROBE_TIMEOUT_MS, timedOut, signal);
  try {
    return parseFolder(await runProbe(transport, wanted ?? '', deadline.signal));
  } finally {
    deadline.dispose();
  }
}

async function runProbe(transport: Transport, wanted: string, signal: AbortSignal): Promise<string> {
  const process = await transport.exec({ argv: ['/bin/sh', '-c', script, 'sh', wanted] }, signal);
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
  return new CloudError('unreachable', `The sandbox did not answer in ${PROBE_TIMEOUT_MS / 1000} s`);
}

async function readStart(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_OUTPUT_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The folder in the probe's output, if it is one absolute path on one line. */
export function parseFolder(output: string): string | undefined {
  const line = output.replace(/\r?\n$/, '');
  return isFolderPath(line) ? line : undefined;
}

/** Whether text is the absolute path of something below the root, fit for a URI. */
export function isFolderPath(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- a path with control characters is not one to put into a URI
  return /^\/[^\u0000-\u001f\u007f\ufffd]+$/.test(text) && text.length <= 1024;
}
