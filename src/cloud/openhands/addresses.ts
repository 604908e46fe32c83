import { unescape } from 'node:querystring';
import { printable } from '../../base/errors';
import { CloudError } from '../errors';
import { isLoopback } from '../proxy';
import type { ExposedUrl } from './schemas';

const httpSchemes = new Map([
  ['http:', 'http:'],
  ['https:', 'https:'],
  ['ws:', 'http:'],
  ['wss:', 'https:'],
]);

/** What a server listens on that listens on all addresses of its computer (RFC 1122 section 3.2.1.3, RFC 4291). */
const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

/**
 * The base URL of a service in a sandbox, as it can be used from here. A server that runs sandboxes beside itself names
 * them `localhost`, which from elsewhere is the server's host. What is in the query goes: it may be a secret.
 * Throws a {@link CloudError} `protocol` for what is no address of a service.
 */
export function serviceUrl({ name, url: text }: ExposedUrl, server: URL): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = url && httpSchemes.get(url.protocol);
  if (!protocol || !url.host) throw notUsable(name);
  const usable = new URL(`${protocol}//${url.host}`);
  usable.pathname = url.pathname.replace(/\/+$/, '');
  return onReachableHost(usable, server);
}

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
}

/**
 * Where a service is that is no HTTP, such as `http://host:port` or `ssh://user@host:port`; undefined if that cannot be
 * understood.
 */
export function socketAddress({ url: text }: ExposedUrl, server: URL): SocketAddress | undefined {
  // By the URL standard only a scheme that is not special keeps every port.
  const asSsh = text.replace(/^[a-z][a-z0-9+.-]*:/i, 'ssh:');
  const url = URL.canParse(asSsh) ? onReachableHost(new URL(asSsh), server) : undefined;
  if (!url?.hostname) return undefined;
  const { hostname, port, username } = url;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || '22'),
    // Unlike decodeURIComponent, it takes any text.
    ...(username && { user: unescape(username) }),
  };
}

function onReachableHost(url: URL, server: URL): URL {
  const isServerItself = url.hostname === 'localhost' || unspecified.has(url.hostname);
  // Which of a computer's loopback addresses it is counts only there.
  const isElsewhere = isLoopback(url.hostname) && !isLoopback(server.hostname);
  if (isServerItself || isElsewhere) url.hostname = server.hostname;
  return url;
}

function notUsable(name: string): CloudError {
  const message = `The address that the cloud gives for ${printable(name, 40)} cannot be understood`;
  return new CloudError('protocol', message);
}

/** The URL with that name. */
export function findUrl(
  urls: readonly ExposedUrl[] | null | undefined,
  name: string,
): ExposedUrl | undefined {
  return urls?.find((candidate) => candidate.name === name);
}
