import type { IncomingMessage } from 'node:http';
import type { RecordedRequest, ServiceName } from './options';

/** Every request that came in, in order, so that tests can tell what was sent where. */
export class RequestLog {
  readonly all: RecordedRequest[] = [];

  record(request: IncomingMessage, to: 'app' | ServiceName, sandboxId?: string): RecordedRequest {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const recorded = {
      to,
      ...(sandboxId !== undefined && { sandboxId }),
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      isUpgrade: request.headers.upgrade !== undefined,
    };
    this.all.push(recorded);
    return recorded;
  }

  /** Those to the app server, or to one service of sandboxes. */
  to(receiver: 'app' | ServiceName): RecordedRequest[] {
    return this.all.filter((request) => request.to === receiver);
  }

  /** Method, path and query of those to the app server, as in `GET /api/v1/sandboxes?id=a`. */
  get calls(): string[] {
    return this.to('app').map(
      ({ method, path, query }) => `${method} ${path}${query.size > 0 ? `?${query.toString()}` : ''}`,
    );
  }

  clear(): void {
    this.all.length = 0;
  }
}
