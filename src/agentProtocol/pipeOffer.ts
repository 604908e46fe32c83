/**
 * How `attach` hands its stdin and stdout over to the agent, which then is at the pipes itself: by a socket in the
 * agent's folder, on which it says one line, the offer. The agent answers {@link TAKEN}, and closes the socket when it
 * is done with the pipes; or it closes it without an answer, and they are not taken.
 */

/** The socket's name in the agent's folder. */
export const PIPES_SOCKET = 'pipes.sock';

export const TAKEN = 'taken';

/** Beyond the longest offer. */
export const MAX_OFFER_BYTES = 64;

export interface PipeOffer {
  readonly pid: number;
  /** Inode of the pipe that is its stdin. A process of that number in another pid namespace has another one there. */
  readonly input: bigint;
  /** Inode of the pipe that is its stdout. */
  readonly output: bigint;
}

/** A line, with its end. */
export function formatOffer({ pid, input, output }: PipeOffer): string {
  return `${pid} ${input} ${output}\n`;
}

/** Reads a line, without its end; undefined if it is no offer. */
export function parseOffer(line: string): PipeOffer | undefined {
  const [, pid, input, output] = /^([1-9]\d{0,9}) (\d{1,20}) (\d{1,20})$/.exec(line) ?? [];
  if (pid === undefined || input === undefined || output === undefined) return undefined;
  return { pid: Number(pid), input: BigInt(input), output: BigInt(output) };
}
