import { CodedError } from '../base/errors';
import type { OperationErrorCode } from '../agentProtocol/operations';

/** Why a request cannot be met; it is answered with the code and the message. */
export class OperationError extends CodedError<OperationErrorCode> {}
