/** Small chunks are joined up to this size. */
const JOIN_BYTES = 32 * 1024;

/**
 * The same bytes as messages: each run of small chunks is one, since every message costs a frame and a system call on
 * its way; large ones stay as they are, so that nothing is copied.
 */
export function joinSmall(chunks: readonly { readonly chunk: Buffer }[]): Buffer[] {
  const messages: Buffer[] = [];
  let run: Buffer[] = [];
  let length = 0;
  const close = (): void => {
    const [first] = run;
    if (first) messages.push(run.length === 1 ? first : Buffer.concat(run, length));
    run = [];
    length = 0;
  };
  for (const { chunk } of chunks) {
    if (length + chunk.length > JOIN_BYTES) close();
    run.push(chunk);
    length += chunk.length;
  }
  close();
  return messages;
}
