import type { Duplex } from 'node:stream';
import { CodedError, printable } from '../../../base/errors';
import type { SandboxFacts } from '../probe';
import type { Absence, Report } from './lookScript';

/** A way to the agent in one sandbox. */
export interface AgentReach {
  /** Of the first look into the sandbox; undefined before. */
  readonly facts: SandboxFacts | undefined;
  /**
   * Looks into the sandbox, puts the agent there and starts it as far as that is needed, and gives a carrier to it.
   * `isRetry`: what was found the last time did not answer. Rejects with an {@link AgentStartError}, as the cloud does,
   * or with the signal's reason.
   */
  open(isRetry: boolean, signal: AbortSignal): Promise<Duplex>;
  /** Gives another carrier to the agent that was reached. Starts none: what ran in another has gone with it. */
  reopen(signal: AbortSignal): Promise<Duplex>;
}

/**
 * Why there can be no agent in a sandbox:
 * - `no-node`: no Node that is recent enough and runs
 * - `no-place`: no folder can be written to, or it does not start in any
 * - `not-binary`: the cloud damages what is not text, and nothing in the sandbox can encode it
 * - `no-port`: no public port leads to it
 * - `failed`: something else; the message says what
 */
export type AgentStartErrorCode = 'no-node' | 'no-place' | 'not-binary' | 'no-port' | 'failed';

export class AgentStartError extends CodedError<AgentStartErrorCode> {}

/** The Node to run the agent with, and where it may be put. */
export interface Site {
  readonly node: string;
  readonly places: readonly string[];
}

/** Rejects what has no Node that does. */
export function siteFor({ node, unfit, places }: Absence): Site {
  if (node !== undefined) return { node, places };
  const [example] = unfit;
  const found = example === undefined ? '' : `; ${printable(example)}`;
  const advice = 'install it there, or take an image that has it';
  throw new AgentStartError('no-node', `The sandbox has no Node.js 18 or later${found}; ${advice}`);
}

/** What the installer says when it could do nothing. */
export function failureIn(report: Report): AgentStartError {
  const said = [report.first('failed') ?? 'it ends without a word', ...report.all('tried')];
  return new AgentStartError(
    'no-place',
    `The agent does not start in the sandbox: ${printable(said.join('; '))}`,
  );
}
