import { CodedError } from '../base/errors';

/**
 * - `protocol`: the other side breaks the protocol; the session cannot go on
 * - `carrier-lost`: the carrier ended or failed; the session waits for another one
 * - `silent`: nothing was heard on the carrier for too long; the session waits for another one
 * - `replaced`: another carrier took this one's place
 * - `aborted`: the other side has ended the session without finishing it
 * - `refused`: the agent closed the carrier without an answer, as it does for a wrong secret
 * - `untrusted`: what answered does not know the secret
 * - `busy`: the agent takes no further session now
 * - `timeout`: no answer, or no proof, in time
 * - `unknown-session`: the agent does not have the session that was to be resumed
 * - `session-lost`: the session cannot be resumed by anyone any more
 * - `gave-up`: no carrier could be had for too long
 */
export type AgentLinkErrorCode =
  | 'protocol'
  | 'carrier-lost'
  | 'silent'
  | 'replaced'
  | 'aborted'
  | 'refused'
  | 'untrusted'
  | 'busy'
  | 'timeout'
  | 'unknown-session'
  | 'session-lost'
  | 'gave-up';

/** Exit code of the agent's `attach` where no agent runs in the folder: EX_UNAVAILABLE of sysexits(3). */
export const EXIT_NOT_RUNNING = 69;

/** A failure between the connection and the agent, below their channels. */
export class AgentLinkError extends CodedError<AgentLinkErrorCode> {}
