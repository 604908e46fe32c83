import { CodedError } from '../base/errors';

/**
 * - `no-broker`: no window of the sandbox's editor answered in time
 * - `signed-out`: the window that knows the sandbox has no credentials for its account
 * - `unknown-alias`: windows of its editor answered, and none knows the sandbox
 * - `not-running`: the sandbox's cloud is the local one, and nobody started it in time
 * - `path-too-long`: a socket cannot be made in the folder
 */
export type BrokerErrorCode = 'no-broker' | 'signed-out' | 'unknown-alias' | 'not-running' | 'path-too-long';

/** The message is one line that tells the user what to do. */
export class BrokerError extends CodedError<BrokerErrorCode> {}
