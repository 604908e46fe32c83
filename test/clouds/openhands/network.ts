import type { Duplex } from 'node:stream';
import { createDeferred, type Deferred } from '../../../src/base/async';
import { Carriage } from './carriage';

/** The network between the ingress and one sandbox, which tests can harm. */
export class SandboxNetwork {
  readonly #carriages = new Set<Carriage>();
  #silence: Deferred<void> | undefined;
  #cutAfterBytes: number | undefined;

  /** How many upgraded connections there are. */
  get connections(): number {
    return this.#carriages.size;
  }

  /** Resolves when the network carries anything. */
  async audible(): Promise<void> {
    await this.#silence?.promise;
  }

  /** Carries an upgraded connection until one of its sides ends it. */
  carry(client: Duplex, service: Duplex, idleCutMs?: number): void {
    const carriage = new Carriage(client, service, {
      ...(idleCutMs !== undefined && { idleCutMs }),
      onEnd: () => this.#carriages.delete(carriage),
    });
    this.#carriages.add(carriage);
    if (this.#cutAfterBytes !== undefined) carriage.cutAfter(this.#cutAfterBytes);
    if (this.#silence) carriage.goSilent();
  }

  /** Cuts all WebSockets, with a TCP reset or the usual end of a stream but never a close frame; tells how many. */
  cut(how?: 'reset' | 'close'): number {
    const cut = [...this.#carriages];
    for (const carriage of cut) carriage.cut(how);
    return cut.length;
  }

  /**
   * Each WebSocket, those to come included, is cut once so many more bytes of it were carried: mostly within a frame.
   * Undefined: those to come are spared again.
   */
  cutAfter(bytes: number | undefined): void {
    this.#cutAfterBytes = bytes;
    if (bytes !== undefined) for (const carriage of this.#carriages) carriage.cutAfter(bytes);
  }

  /** Half-open: carries nothing more in either direction, and tells nobody. Requests wait too. */
  goSilent(): void {
    this.#silence ??= createDeferred();
    for (const carriage of this.#carriages) carriage.goSilent();
  }

  /** Ends the silence: what was sent meanwhile arrives. */
  comeBack(): void {
    for (const carriage of this.#carriages) carriage.comeBack();
    this.#silence?.resolve();
    this.#silence = undefined;
  }

  /** The sandbox is gone: ends everything. */
  close(): void {
    this.comeBack();
    this.cut('close');
  }
}
