import type { CloudErrorCode } from '../errors';

/** Codes of the Box API's error envelope that say more than the HTTP status they come with. */
const codes = new Map<string, CloudErrorCode>([
  ['unauthenticated', 'unauthenticated'],
  ['permission_denied', 'forbidden'],
  ['not_found', 'not-found'],
  ['session_reaped', 'not-found'],
  ['already_exists', 'conflict'],
  ['invalid_state', 'conflict'],
  ['stopped', 'conflict'],
  ['unsupported', 'unsupported'],
  ['timeout', 'unreachable'],
]);

/**
 * What `{error:{code}}` means. Older servers put the HTTP status there as a number, and errors that the cloud relays
 * from a runner have no code at all: the status decides then.
 */
export function refineError(_status: number, body: unknown): CloudErrorCode | undefined {
  const error = fieldOf(body, 'error');
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? codes.get(code) : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value as unknown;
}
