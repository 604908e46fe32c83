import { CodedError } from '../base/errors';

/**
 * What can go wrong with a cloud, as far as callers must tell it apart:
 * - `unauthenticated`: the credentials are missing, wrong or expired; sign in again
 * - `forbidden`: the credentials are fine but do not allow this
 * - `not-found`: no such sandbox; it was deleted
 * - `conflict`: the sandbox's state does not allow this now
 * - `rate-limited`: see {@link CloudError.retryAfterMs}
 * - `unsupported`: this cloud does not offer it
 * - `invalid`: the request was refused as malformed
 * - `unreachable`: no answer: network, DNS, TLS, time-out or a gateway's 5xx; trying again may help
 * - `protocol`: an answer that this client does not understand
 */
export type CloudErrorCode =
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'rate-limited'
  | 'unsupported'
  | 'invalid'
  | 'unreachable'
  | 'protocol';

export interface CloudErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number;
}

/** A request of a cloud that failed: what callers tell apart is the code; the message has the cloud's own words. */
export class CloudError extends CodedError<CloudErrorCode> {
  /** How long the cloud asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: CloudErrorCode, message: string, options?: CloudErrorOptions) {
    super(code, message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** The code of a CloudError, also of one that came through another bundle. */
export function cloudErrorCode(error: unknown): CloudErrorCode | undefined {
  return error instanceof CloudError ? error.code : undefined;
}

/** How long to leave alone who failed so, in milliseconds; 0 where it did not ask for that. */
export function retryAfterMs(error: unknown): number {
  return error instanceof CloudError ? (error.retryAfterMs ?? 0) : 0;
}
