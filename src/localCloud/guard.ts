/** Who may talk to this server: requests from programs of this computer that know the token. */
import type { IncomingMessage } from 'node:http';
import { ApiError } from './apiError';
import { isAuthorized } from './token';

/** Throws unless the request comes from a program rather than a web page. */
export function checkOrigin({ headers }: IncomingMessage): void {
  // A page of another site can reach us by a name of its own that resolves to 127.0.0.1 (DNS rebinding).
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(headers.host ?? '')) {
    throw new ApiError('permission_denied', 'The Host header must name this computer, such as 127.0.0.1');
  }
  if (headers.origin !== undefined) {
    throw new ApiError('permission_denied', 'Web pages may not use this server');
  }
}

/** Throws unless the client is authorized and the server still takes work. */
export function checkAccess(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  server: { readonly token: string; onUse(): void; isEnding(): boolean },
): void {
  if (!isAuthorized(request.headers.authorization, server.token)) {
    throw new ApiError(
      'unauthenticated',
      'The bearer token is missing or wrong; it is in the token file of the server',
    );
  }
  if (server.isEnding()) throw new ApiError('upstream_unavailable', 'The server is ending; start it again');
  if (!isLook(request)) server.onUse();
}

/** Whether a request only looks who is there: a list that is refreshed all day must not keep the server alive. */
function isLook({ method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>): boolean {
  const [path = ''] = url.split('?', 1);
  return (method === 'GET' || method === 'HEAD') && ['/v1/me', '/v1/boxes'].includes(path);
}
