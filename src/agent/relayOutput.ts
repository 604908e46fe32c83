import type { Readable, Writable } from 'node:stream';

/**
 * Passes a program's output on. Resolves when there is no more of it: at its end, which as with sshd is only when no
 * background job of a program that has ended holds it either; or when nobody takes it any more, maybe from the
 * beginning, and then the rest is thrown away. Does not end the target.
 */
export function relayOutput(source: Readable, target: Writable, exited: Promise<unknown>): Promise<void> {
  const abandon = (): void => {
    source.unpipe(target).resume();
    // What runs on afterwards finds its output closed.
    void exited.then(() => source.destroy());
  };
  if (target.destroyed) {
    abandon();
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const finish = (): void => resolve();
    source.once('end', finish).once('close', finish);
    target.once('close', () => {
      abandon();
      finish();
    });
    source.pipe(target, { end: false });
    if (source.destroyed || source.readableEnded) finish();
  });
}
