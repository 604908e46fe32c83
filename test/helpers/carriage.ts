import type { Duplex } from 'node:stream';

type Side = 'client' | 'service';

/** One connection on its way to a server, and the ways in which networks lose one. */
export class Carriage {
  readonly #sides: Record<Side, Duplex>;
  readonly #onEnd: () => void;
  #idleTimer: NodeJS.Timeout | undefined;
  #isSilent = false;
  #isOver = false;
  /** What is left to carry before the connection is cut; undefined: it is not to be cut. */
  #bytesLeft: number | undefined;

  constructor(
    client: Duplex,
    service: Duplex,
    private readonly options: {
      readonly idleCutMs?: number;
      /** How long each byte is on its way. */
      readonly lagMs?: number;
      readonly onEnd: () => void;
    },
  ) {
    this.#sides = { client, service };
    this.#onEnd = options.onEnd;
    this.#forward('client', 'service');
    this.#forward('service', 'client');
    this.#touch();
  }

  /** Ends the connection without a word to either side, with a TCP reset or the usual end of a stream. */
  cut(how: 'reset' | 'close' = 'reset'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#idleTimer);
    const { client, service } = this.#sides;
    if (how === 'reset' && 'resetAndDestroy' in client)
      (client as { resetAndDestroy(): void }).resetAndDestroy();
    else client.destroy();
    service.destroy();
    this.#onEnd();
  }

  /** Cuts the connection when so many more bytes were carried, both directions together: mostly within a frame. */
  cutAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /** Carries nothing more in either direction; neither side is told, and nothing is lost. */
  goSilent(): void {
    this.#isSilent = true;
    for (const side of Object.values(this.#sides)) side.pause();
  }

  comeBack(): void {
    this.#isSilent = false;
    for (const side of Object.values(this.#sides)) side.resume();
    if (Object.values(this.#sides).some((side) => side.destroyed)) this.cut('close');
  }

  #forward(from: Side, to: Side): void {
    const [source, target] = [this.#sides[from], this.#sides[to]];
    source.on('data', (chunk: Buffer) => this.#later(() => this.#carry(chunk, source, target)));
    source.on('end', () => this.#later(() => target.end()));
    // 'close' follows.
    source.on('error', () => undefined);
    source.on('close', () => {
      // The other side cannot learn of it through a network that carries nothing.
      if (this.#isSilent) return;
      // What a side has sent before its end is still on its way.
      if (source.readableEnded) this.#later(() => target.end(() => this.cut('close')));
      else this.cut('close');
    });
    target.on('drain', () => {
      if (!this.#isSilent) source.resume();
    });
  }

  #later(arrive: () => void): void {
    if (this.options.lagMs === undefined) arrive();
    else setTimeout(arrive, this.options.lagMs);
  }

  #carry(chunk: Buffer, source: Duplex, target: Duplex): void {
    this.#touch();
    if (this.#bytesLeft === 0) return;
    const carried = chunk.subarray(0, this.#bytesLeft);
    if (this.#bytesLeft !== undefined) this.#bytesLeft -= carried.length;
    // What comes before the cut arrives.
    const onWritten = this.#bytesLeft === 0 ? () => this.cut('close') : undefined;
    if (!target.write(carried, onWritten)) source.pause();
  }

  #touch(): void {
    const { idleCutMs } = this.options;
    if (idleCutMs === undefined) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.cut('close'), idleCutMs);
  }
}
