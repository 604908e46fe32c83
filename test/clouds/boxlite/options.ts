import type { IncomingMessage, ServerResponse } from 'node:http';

/** How this stand-in behaves: BoxLite's servers differ in each of these points. */
export interface BoxliteQuirks {
  /** Bearer token that is demanded; none: no authentication, as `boxlite serve` without an API key. */
  readonly token?: string;
  /** `path_prefix` of /v1/me: null and '' mean that boxes are at /v1/boxes. */
  readonly pathPrefix?: string | null;
  /** False: no /v1/me, as single-tenant servers of some versions. */
  readonly hasMe?: boolean;
  /** `ignored`: all boxes on one page whatever was asked; `looping`: the same two tokens again and again. */
  readonly paging?: 'honoured' | 'ignored' | 'looping' | 'stuck';
  /** Boxes on a page when paging is honoured. */
  readonly pageSize?: number;
  /** `envelope`: snake_case codes; `integer`: the HTTP status as code; `flat`: `{error:"text"}`. */
  readonly errors?: 'envelope' | 'integer' | 'flat';
  /** What /start answers with. */
  readonly startStatus?: 200 | 201;
  /** How many times a starting box is seen before it runs. */
  readonly startPolls?: number;
  /** True: output byte for byte, and /v1/config says so. BoxLite's own servers decode it as UTF-8. */
  readonly binaryOutput?: boolean;
  /** How long output may drain after a command's exit, in milliseconds; then the socket closes with 1011. */
  readonly drainMs?: number;
  readonly pingIntervalMs?: number;
  /** False: signals go through the socket only. */
  readonly hasSignalCall?: boolean;
  /** Status that each attachment is refused with; `never`: it gets no answer. */
  readonly refuseAttach?: 404 | 409 | 410 | 503 | 'never';
  /** Answers a request in place of the server when it returns true. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface StandInBox {
  readonly box_id: string;
  readonly name: string | null;
  status: string;
  readonly image: string;
  readonly created_at: string;
  /** When it will be stopped for being idle. */
  readonly stops_at?: string;
  /** Looks at it that are left before it runs. */
  polls: number;
}
