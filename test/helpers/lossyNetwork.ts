import type { Duplex } from 'node:stream';
import { createDeferred, type Deferred } from '../../src/base/async';
import { Carriage } from './carriage';

/** A network on the way to a server, which tests can harm. */
export class LossyNetwork {
  readonly #carriages = new Set<Carriage>();
  readonly #forgotten: Carriage[] = [];
  #silence: Deferred<void> | undefined;
  #lagMs: number | undefined;

  /** How many connections there are. */
  get connections(): number {
    return this.#carriages.size;
  }

  /** Resolves when the network carries anything. */
  async audible(): Promise<void> {
    await this.#silence?.promise;
  }

  /** Carries a connection until one of its sides ends it. */
  carry(client: Duplex, service: Duplex, idleCutMs?: number): void {
    const carriage = new Carriage(client, service, {
      ...(idleCutMs !== undefined && { idleCutMs }),
      ...(this.#lagMs !== undefined && { lagMs: this.#lagMs }),
      onEnd: () => this.#carriages.delete(carriage),
    });
    this.#carriages.add(carriage);
    if (this.#silence) carriage.goSilent();
  }

  /** Cuts all connections, by a TCP reset or the usual end, in the middle of whatever they carry; tells how many. */
  cut(how?: 'reset' | 'close'): number {
    const cut = [...this.#carriages];
    for (const carriage of cut) carriage.cut(how);
    return cut.length;
  }

  /** Each connection that there is is cut once so many more bytes of it were carried. */
  cutAfter(bytes: number): void {
    for (const carriage of this.#carriages) carriage.cutAfter(bytes);
  }

  /** Connections to come take so long in each direction; undefined: as long as it takes. */
  lag(ms: number | undefined): void {
    this.#lagMs = ms;
  }

  /** Half-open: carries nothing more in either direction, and tells nobody. Requests wait too. */
  goSilent(): void {
    this.#silence ??= createDeferred();
    for (const carriage of this.#carriages) carriage.goSilent();
  }

  /** Half-open for good: the connections that there are carry nothing more, and neither side is told; new ones do. */
  forget(): void {
    for (const carriage of this.#carriages) carriage.goSilent();
    this.#forgotten.push(...this.#carriages);
    this.#carriages.clear();
  }

  /** Ends the silence: what was sent meanwhile arrives. */
  comeBack(): void {
    for (const carriage of this.#carriages) carriage.comeBack();
    this.#silence?.resolve();
    this.#silence = undefined;
  }

  /** The server is gone: ends everything. */
  close(): void {
    this.comeBack();
    this.cut('close');
    for (const carriage of this.#forgotten) carriage.cut('close');
  }
}
