import { CodedError, describeError, printable } from '../../base/errors';

/**
 * - `box-missing`: the box's container was removed behind our back
 * - `not-running`: the box's container is stopped or paused
 * - `invalid-image`: the image's name is not one
 * - `image-unavailable`: the image is neither in the engine nor to be had from its registry
 * - `path-missing`: no such file or folder in the box
 * - `cannot-run`: the engine could not start the command
 * - `lost`: the engine went away while a command ran
 * - `engine`: anything else that the engine refuses
 */
export type DockerErrorCode =
  | 'box-missing'
  | 'not-running'
  | 'invalid-image'
  | 'image-unavailable'
  | 'path-missing'
  | 'cannot-run'
  | 'lost'
  | 'engine';

export class DockerError extends CodedError<DockerErrorCode> {}

/** Whether the engine answered with one of these HTTP statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  return typeof error.statusCode === 'number' && statuses.includes(error.statusCode);
}

/** The engine's own words: docker-modem puts the HTTP status and its own reading of it in front of them. */
export function engineMessage(error: unknown): string {
  return describeError(error).replace(/^\(HTTP code \d+\) .*? - /, '');
}

/** Wraps whatever a call to the engine threw; `what` completes "The container engine could not …". */
export function engineError(what: string, cause: unknown): DockerError {
  if (cause instanceof DockerError) return cause;
  const message = printable(`The container engine could not ${what}: ${engineMessage(cause)}`);
  return new DockerError('engine', message, { cause });
}
