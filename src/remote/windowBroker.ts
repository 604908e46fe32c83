import type { Disposable } from '../base/disposable';
import { BrokerServer, type BrokerServerOptions } from '../broker/server';

/** The broker of this window. Starts once; a start that failed is tried again when it is next needed. */
export class WindowBroker implements Disposable {
  readonly #options: BrokerServerOptions;
  #starting: Promise<BrokerServer> | undefined;
  #disposed = false;

  constructor(options: BrokerServerOptions) {
    this.#options = options;
  }

  /** Resolves once connections can ask this window. Rejects with a FileError or BrokerError. */
  async ensure(): Promise<void> {
    this.#starting ??= this.#start();
    await this.#starting;
  }

  dispose(): void {
    this.#disposed = true;
    void this.#starting?.then(
      (broker) => broker.dispose(),
      () => undefined,
    );
  }

  async #start(): Promise<BrokerServer> {
    try {
      const broker = await BrokerServer.start(this.#options);
      if (this.#disposed) broker.dispose();
      return broker;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }
}
