import { constants } from 'node:os';
import type { ExitDescription } from '../agentProtocol/operations';

/** Of a number with several names the first: SSH knows ABRT and not IOT. */
const signalNames = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name.slice(3)]),
);

/** A negative status is the number of the signal that ended the program. */
export function exitDescription(status: number): ExitDescription {
  return status >= 0 ? { code: status } : { signal: signalNames.get(-status) ?? 'TERM' };
}
