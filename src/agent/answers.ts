import type { Channel } from '../agentProtocol/channels/channel';
import type { OperationFailure } from '../agentProtocol/operations';
import { describeError } from '../base/errors';
import { OperationError } from './operationError';

/** Answers a request that is met by that. */
export function tell(channel: Channel, details: object = {}): void {
  channel.confirm(details);
  channel.resume();
  channel.end();
}

/** Answers with why it cannot be done; one that has been answered already is closed. */
export function refuse(channel: Channel, reason: unknown): void {
  if (channel.hasAnswered) {
    channel.destroy();
    return;
  }
  const code = reason instanceof OperationError ? reason.code : 'unavailable';
  const failure: OperationFailure = { code, message: describeError(reason) };
  channel.refuse(failure);
}
