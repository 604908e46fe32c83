import { CodedError, describeError } from '../base/errors';
import { FileError } from '../base/files';

/**
 * - `unreadable`, `unwritable`: a file cannot be read or replaced
 * - `unsafe`: a file is not what we may touch: a folder, a device, a dangling or hard link, no text, another user's
 * - `unsupported-path`: a path that ssh or a shell would take for something else
 * - `ssh-failed`: the ssh program does not run, or rejects the configuration
 */
export type SshConfigErrorCode = 'unreadable' | 'unwritable' | 'unsafe' | 'unsupported-path' | 'ssh-failed';

/** The message names the file or program and the next step. */
export class SshConfigError extends CodedError<SshConfigErrorCode> {}

/** Adds the next step to an error about a file; other errors pass unchanged. */
export function withNextStep(error: unknown, nextStep: string): unknown {
  if (!(error instanceof FileError)) return error;
  return new SshConfigError(error.code, `${describeError(error)}; ${nextStep}`, { cause: error });
}
