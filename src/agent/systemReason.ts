import { getSystemErrorMap } from 'node:util';
import { describeError, errnoOf } from '../base/errors';

/** gai_strerror(3). */
const LOOKUP_REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
};

/** Why the system refused, in the words of strerror(3), which people know from other SSH servers. */
export function systemReason(error: unknown): string {
  const ofLookup = LOOKUP_REASONS[errnoOf(error) ?? ''];
  if (ofLookup) return ofLookup;
  const number = error instanceof Error && 'errno' in error ? Number(error.errno) : NaN;
  const [, words] = getSystemErrorMap().get(number) ?? [];
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : describeError(error);
}
