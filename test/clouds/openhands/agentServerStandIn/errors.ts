/** The error shapes of the agent-server. */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

export class HttpError extends Error {
  constructor(
    readonly status: ContentfulStatusCode,
    readonly detail: unknown,
  ) {
    super(String(detail));
  }
}

export interface InvalidField {
  readonly type: string;
  readonly loc: readonly string[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export function invalid(field: InvalidField): HttpError {
  return new HttpError(422, [field]);
}

/** An app that answers errors as the agent-server does. */
export function createApp(getPath: (request: Request) => string): Hono {
  const app = new Hono({ getPath });
  app.notFound((c) => c.json({ detail: 'Not Found' }, 404));
  app.onError((error, c) => {
    if (error instanceof HttpError && error.status < 500)
      return c.json({ detail: error.detail }, error.status);
    const id = randomUUID().replaceAll('-', '');
    return c.json({ detail: 'Internal Server Error', exception: error.message, error_id: id }, 500);
  });
  return app;
}
