import { describeError, errnoOf, printable } from '../../base/errors';
import { RuntimeError } from './errors';

/** Whether the engine answered, if with a refusal. */
export function isAnswer(error: unknown): error is Error & { readonly statusCode: number } {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
}

/** Whether the engine answered with one of these HTTP statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return isAnswer(error) && statuses.includes(error.statusCode);
}

/** The engine's own words: docker-modem puts the HTTP status and its own reading of it in front of them. */
export function engineMessage(error: unknown): string {
  return describeError(error).replace(/^\(HTTP code \d+\) .*? - /, '');
}

/** Wraps whatever a call to the engine threw; `what` completes "The container engine could not …". */
export function engineError(what: string, cause: unknown): RuntimeError {
  if (cause instanceof RuntimeError) return cause;
  const message = printable(`The container engine could not ${what}: ${engineMessage(cause)}`);
  if (isAnswer(cause) || errnoOf(cause) === undefined) return new RuntimeError('failed', message, { cause });
  return new RuntimeError('unreachable', `${message}. Is it running? Start it and try again`, { cause });
}
