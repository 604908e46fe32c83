import { abortable } from '../base/async';
import { CodedError } from '../base/errors';

/** Where the local cloud is now. */
export interface LocalCloudAddress {
  readonly url: string;
  /** Secret. */
  readonly token: string;
}

/** The local cloud does not run, and what was asked is no reason to start it. */
export class LocalCloudError extends CodedError<'not-running'> {}

export function isNotRunning(error: unknown): boolean {
  return error instanceof LocalCloudError;
}

export interface LocalCloudOptions {
  /** Looks for it; called at each use, so it must be cheap. */
  readonly find: (signal?: AbortSignal) => Promise<LocalCloudAddress | undefined>;
  /** Starts it unless it runs. Must end by itself. */
  readonly start: () => Promise<LocalCloudAddress>;
}

/** The cloud on this computer, for all parts of one window: whoever needs it to run shares one start. */
export class LocalCloud {
  readonly #options: LocalCloudOptions;
  #starting: Promise<LocalCloudAddress> | undefined;

  constructor(options: LocalCloudOptions) {
    this.#options = options;
  }

  /** Undefined if it does not run; never starts it. */
  find(signal?: AbortSignal): Promise<LocalCloudAddress | undefined> {
    return this.#options.find(signal);
  }

  /** The signal ends the caller's waiting only: others may need what is being started. */
  start(signal?: AbortSignal): Promise<LocalCloudAddress> {
    this.#starting ??= this.#options.start().finally(() => {
      this.#starting = undefined;
    });
    return abortable(this.#starting, signal);
  }
}
