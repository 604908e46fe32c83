import type { Logger } from '../base/logger';
import { CloudError } from './errors';
import type { NetworkSettings } from './provider';
import { isLoopback, routeTo, type Route } from './proxy';

/** Parameters of a URL's query by name; a list is sent as the name once for each value. */
export type UrlQuery = Readonly<Record<string, string | readonly string[]>>;

export interface OriginOptions {
  /** `http:` or `https:` URL that all paths are appended to. */
  readonly baseUrl: string;
  /** Sent with each request and handshake; may hold secrets. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Never repeated in a message, even when the cloud does so. */
  readonly secrets?: readonly string[];
  readonly network?: NetworkSettings;
  readonly log: Logger;
}

/** Where one cloud's API is, what authenticates us there and how it is reached. Shared by HTTP and WebSocket. */
export class Origin {
  readonly route: Route;
  readonly headers: Readonly<Record<string, string>>;
  readonly #base: URL;
  readonly #secrets: readonly string[];

  /** Throws a {@link CloudError} `invalid` for a base URL, a header or proxy settings that cannot work. */
  constructor(options: OriginOptions) {
    this.#base = parseBaseUrl(options.baseUrl);
    this.headers = checkHeaders(options.headers ?? {});
    this.#secrets = (options.secrets ?? []).filter((secret) => secret !== '');
    this.route = routeTo(this.#base, options.network);
    if (isReadableOnTheWay(this.#base)) {
      options.log.warn(
        `${this.host} is reached without encryption: anyone on the way can read and change it`,
      );
    }
  }

  /** Host and port, for messages. */
  get host(): string {
    return this.#base.host;
  }

  /**
   * The URL of a path, which begins with "/" and is percent-encoded. Throws a {@link CloudError} `invalid` when the
   * path means another one, as ".." does: parts of it may come from a remote peer.
   */
  url(path: string, query: UrlQuery = {}): URL {
    const pathname = `${this.#base.pathname.replace(/\/+$/, '')}${path}`;
    const url = new URL(this.#base.origin);
    url.pathname = pathname;
    if (url.pathname !== pathname)
      throw new CloudError('invalid', 'A name that the cloud gave is not usable in a URL');
    for (const [name, values] of Object.entries(query)) {
      for (const value of [values].flat()) url.searchParams.append(name, value);
    }
    return url;
  }

  /** The text without our secrets. */
  redact(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
  }
}

/** One path segment made of an opaque name. */
export function pathSegment(name: string): string {
  if (name === '' || name === '.' || name === '..') {
    throw new CloudError('not-found', 'There is no sandbox of that name');
  }
  // JSON can carry a lone surrogate, which has no encoding; through UTF-8 it becomes U+FFFD.
  return encodeURIComponent(Buffer.from(name, 'utf8').toString('utf8'));
}

/**
 * The base URL in a text that a person typed; its path may end in slashes.
 * Throws a {@link CloudError} `invalid` whose message says what to type instead.
 */
export function parseBaseUrl(text: string): URL {
  // The text may hold credentials, so the messages do not repeat it.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CloudError('invalid', 'Type the address of the cloud as https://host or https://host/path');
  }
  if (url.username || url.password) {
    throw new CloudError(
      'invalid',
      'Leave user and password out of the address; give the token apart from it',
    );
  }
  if (url.search || url.hash) {
    throw new CloudError('invalid', 'Leave out what follows “?” or “#” in the address');
  }
  return url;
}

/** The one form of all ways to type the same base URL; throws as {@link parseBaseUrl} does. */
export function canonicalBaseUrl(text: string): string {
  const url = parseBaseUrl(text);
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** Whether requests to this base URL can be read by anyone on their way to another computer. */
export function isReadableOnTheWay(url: URL): boolean {
  return url.protocol === 'http:' && !isLoopback(url.hostname);
}

function checkHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    // Field values as in RFC 9110 section 5.5, ASCII only: a token pasted with a line break is the usual case.
    if (!/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(value)) {
      throw new CloudError(
        'invalid',
        `The value for ${name} has characters that cannot be sent; is the token complete?`,
      );
    }
  }
  return headers;
}
