import type { Readable, Writable } from 'node:stream';

/** A program that has ended may have left one in the background that holds its output. This long without any. */
const DRAIN_MS = 2000;

/**
 * Passes a program's output on. Resolves when there is no more of it: at its end; once it has been silent for a while
 * after the program's; or when nobody takes it any more, maybe from the beginning, and then the rest is thrown away.
 * Does not end the target.
 */
export function relayOutput(source: Readable, target: Writable, exited: Promise<unknown>): Promise<void> {
  if (target.destroyed) {
    source.resume();
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let hasExited = false;
    const finish = (): void => {
      hasExited = false;
      clearTimeout(timer);
      resolve();
    };
    const onSilence = (): void => {
      // A slow reader is no silence.
      if (source.isPaused() || source.readableLength > 0) rearm();
      else source.destroy();
    };
    const rearm = (): void => {
      clearTimeout(timer);
      if (hasExited) timer = setTimeout(onSilence, DRAIN_MS);
    };
    source.on('data', rearm);
    source.once('end', finish).once('close', finish);
    target.once('close', () => {
      source.unpipe(target);
      source.resume();
      finish();
    });
    void exited.then(() => {
      hasExited = !source.destroyed && !source.readableEnded;
      rearm();
    });
    source.pipe(target, { end: false });
    if (source.destroyed || source.readableEnded) finish();
  });
}
