/** The error shapes of the app server. They differ by who answers: the routes, the validation or the middleware. */
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Thrown by routes: the answer is made of it. */
export class ApiError extends Error {
  constructor(
    readonly status: ContentfulStatusCode,
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(JSON.stringify(body));
  }
}

/** FastAPI's HTTPException. */
export function httpException(status: ContentfulStatusCode, detail: string): ApiError {
  return new ApiError(status, { detail });
}

/** FastAPI's RequestValidationError, for one field of the query. */
export function invalidQuery(field: string, problem: Problem): ApiError {
  return new ApiError(422, { detail: [{ ...problem, loc: ['query', field] }] });
}

export interface Problem {
  readonly type: string;
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export const MISSING_FIELD: Problem = { type: 'missing', msg: 'Field required', input: null };

/** The SaaS middleware: the name of an exception, or a sentence. */
export function middlewareError(status: 401 | 403, error: string): ApiError {
  return new ApiError(status, { error });
}
