import { describeErrorChain } from './errors';

/** Where a part says what it does. The methods are those of VS Code's LogOutputChannel. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Logs a promise's failure and goes on: for work that nobody waits for. */
export function logFailure(log: Logger, what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => log.warn(`${what}: ${describeErrorChain(error)}`));
}
