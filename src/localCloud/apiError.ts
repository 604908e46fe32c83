import { CodedError } from '../base/errors';

/** The codes of the Box API's error model (BoxLite, openapi/box.openapi.yaml, ErrorModel) that this server uses. */
const catalogue = {
  invalid_argument: { status: 400, type: 'InvalidArgumentError' },
  unauthenticated: { status: 401, type: 'AuthError' },
  permission_denied: { status: 403, type: 'AuthError' },
  not_found: { status: 404, type: 'NotFoundError' },
  already_exists: { status: 409, type: 'AlreadyExistsError' },
  invalid_state: { status: 409, type: 'InvalidStateError' },
  stopped: { status: 409, type: 'StoppedError' },
  session_reaped: { status: 410, type: 'SessionReapedError' },
  payload_too_large: { status: 413, type: 'ResourceExhaustedError' },
  idempotency_mismatch: { status: 422, type: 'InvalidArgumentError' },
  execution_failed: { status: 422, type: 'ExecutionError' },
  image_pull_failed: { status: 422, type: 'ImageError' },
  resource_exhausted: { status: 429, type: 'ResourceExhaustedError' },
  internal: { status: 500, type: 'InternalError' },
  unsupported: { status: 501, type: 'UnsupportedError' },
  upstream_unavailable: { status: 503, type: 'UpstreamUnavailableError' },
} as const;

type Reason = keyof typeof catalogue;

/** Reasons that share a code of the API's closed list and differ in their HTTP status only. */
const wireCodes: Partial<Record<Reason, Reason>> = {
  payload_too_large: 'resource_exhausted',
  idempotency_mismatch: 'invalid_argument',
};

export type ApiStatus = (typeof catalogue)[Reason]['status'];

/** A refusal that the client is told about, in the API's own terms. */
export class ApiError extends CodedError<Reason> {
  get status(): ApiStatus {
    return catalogue[this.code].status;
  }

  /** The response's body. `requestId` repeats the X-Request-Id header. */
  toBody(requestId: string): ErrorBody {
    return {
      error: {
        message: this.message,
        type: catalogue[this.code].type,
        code: wireCodes[this.code] ?? this.code,
        request_id: requestId,
      },
    };
  }
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly request_id: string;
  };
}
