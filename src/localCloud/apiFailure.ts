import { describeError } from '../base/errors';
import { ApiError } from './apiError';
import { RuntimeError, type RuntimeErrorCode } from './runtimes/errors';

const reasons = {
  unavailable: 'internal',
  'bad-image': 'image_pull_failed',
  'not-running': 'stopped',
  'no-such-path': 'not_found',
  unsupported: 'unsupported',
  gone: 'invalid_state',
  unreachable: 'upstream_unavailable',
  failed: 'execution_failed',
} as const satisfies Record<RuntimeErrorCode, ApiError['code']>;

/** The refusal that a client is told for whatever was thrown. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RuntimeError)
    return new ApiError(reasons[error.code], error.message, { cause: error });
  return new ApiError('internal', describeError(error), { cause: error });
}
