import type { Readable } from 'node:stream';

/**
 * For a stream to which nothing comes any more. Nobody needs to read what is empty; without this, one that nobody looks
 * at would never end.
 */
export function endIfEmpty(stream: Readable): void {
  const isUnread = stream.readableFlowing === null && stream.listenerCount('readable') === 0;
  if (isUnread && stream.readableLength === 0) stream.resume();
}
