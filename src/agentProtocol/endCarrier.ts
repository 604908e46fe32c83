import type { Duplex } from 'node:stream';

/** How long a carrier may take to send its last bytes. */
const FLUSH_MS = 2_000;

/** Ends a carrier once it has sent what it holds, or after 2 s. */
export function endCarrier(carrier: Duplex): void {
  const destroy = (): void => void carrier.destroy();
  const timer = setTimeout(destroy, FLUSH_MS);
  carrier.once('close', () => clearTimeout(timer));
  carrier.end(destroy);
}
