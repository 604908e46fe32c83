import { BrokerError } from '../broker/errors';
import type { EndReason } from '../broker/protocol';
import { cloudErrorCode } from '../cloud/errors';
import { BridgeError } from '../ssh/backend';

/** Why a connection ended, where it is something that its user can change; undefined for all else. */
export function endReasonOf(error: unknown): EndReason | undefined {
  if (error instanceof BrokerError) {
    return error.code === 'signed-out' || error.code === 'not-running' ? error.code : undefined;
  }
  if (error instanceof BridgeError) {
    if (error.code === 'stopped') return 'stopped';
    return cloudErrorCode(error.cause) === 'not-found' ? 'deleted' : undefined;
  }
  return cloudErrorCode(error) === 'unauthenticated' ? 'signed-out' : undefined;
}
