import { finished, type Duplex } from 'node:stream';

/** How long a carrier may take to send its last bytes, and the other side to end it too. */
const FLUSH_MS = 2_000;

/**
 * Ends a carrier: sends what it holds, then waits for the other side's end, for 2 s at most. What still comes is thrown
 * away, but taken: a socket that is closed with unread bytes is reset (RFC 1122 section 4.2.2.13), which may cost the
 * other side what was sent last.
 */
export function endCarrier(carrier: Duplex): void {
  const destroy = (): void => void carrier.destroy();
  const timer = setTimeout(destroy, FLUSH_MS);
  carrier.once('close', () => clearTimeout(timer));
  finished(carrier, destroy);
  carrier.resume();
  carrier.end();
}
