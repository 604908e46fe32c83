import type { Duplex } from 'node:stream';

/** Connections to a port that have not shown that they may be there. The port is public: anyone may open them. */
export class Strangers {
  readonly #max: number;
  readonly #sockets = new Set<Duplex>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Beyond the limit the oldest goes, so that many idle connections keep nobody out. */
  add(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    for (const oldest of this.#sockets) {
      if (this.#sockets.size <= this.#max) break;
      this.#sockets.delete(oldest);
      oldest.destroy();
    }
  }

  /** It has shown it. */
  admit(socket: Duplex): void {
    this.#sockets.delete(socket);
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
