import { CodedError } from '../../base/errors';

/**
 * Why a runtime could not do what it was asked:
 * - `unavailable`: this runtime does not work on this computer
 * - `bad-image`: the box's image is not one that this runtime can run
 * - `not-running`: the box was stopped meanwhile
 * - `no-such-path`: no such file or folder in the box
 * - `unsupported`: the box lacks a program that this needs
 * - `gone`: what the box was made of is not there any more, such as its container
 * - `unreachable`: what runs the boxes does not answer now, such as an engine that is being restarted
 * - `failed`: anything else
 */
export type RuntimeErrorCode =
  | 'unavailable'
  | 'bad-image'
  | 'not-running'
  | 'no-such-path'
  | 'unsupported'
  | 'gone'
  | 'unreachable'
  | 'failed';

export class RuntimeError extends CodedError<RuntimeErrorCode> {}
