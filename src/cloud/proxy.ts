import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { CodedError, describeError } from '../base/errors';
import { readExtraCa } from '../base/extraCa';
import { CloudError } from './errors';
import type { NetworkSettings } from './provider';
import { SocksAgent, socksProtocols } from './socksAgent';

/**
 * Idle connections are closed by us after this time: less than the 5 s after which Node's and uvicorn's servers close
 * theirs, so that a request never meets a connection that the server is just closing.
 */
const IDLE_MS = 4_000;
const MAX_IDLE_CONNECTIONS = 8;

/** TLS options for each request of a route. */
export interface TlsOptions {
  readonly secureContext?: tls.SecureContext;
  readonly rejectUnauthorized?: boolean;
}

/** How one origin is reached from here. Owns the connections that its agents keep. */
export interface Route {
  /** For HTTP requests; keeps idle connections. */
  readonly requestAgent: http.Agent;
  /** For WebSocket handshakes: the request agent, whose idle connection saves a TLS handshake, or a tunnel. */
  readonly upgradeAgent: http.Agent;
  readonly tls: TlsOptions;
  /** Whether bytes pass only machines that cannot read them: TLS, or this computer's own loopback. */
  readonly isPrivate: boolean;
  /** Closes idle connections; those in use end with their use. */
  dispose(): void;
}

/** The way to an `http:` or `https:` origin under the user's settings; throws a {@link CloudError} `invalid`. */
export function routeTo(url: URL, settings: NetworkSettings = {}): Route {
  const secure = url.protocol === 'https:';
  const tlsOptions = secure ? tlsOptionsOf(settings) : {};
  const proxy = proxyFor(url, settings);
  const agents = proxy ? proxyAgents(proxy, secure, settings) : directAgents(secure);
  return {
    ...agents,
    tls: tlsOptions,
    isPrivate: secure || (!proxy && isLoopback(url.hostname)),
    dispose: () => {
      closeIdle(agents.requestAgent);
      closeIdle(agents.upgradeAgent);
    },
  };
}

const keepAlive: http.AgentOptions = {
  keepAlive: true,
  timeout: IDLE_MS,
  maxFreeSockets: MAX_IDLE_CONNECTIONS,
  scheduling: 'lifo',
};

type Agents = Pick<Route, 'requestAgent' | 'upgradeAgent'>;

function directAgents(secure: boolean): Agents {
  const agent = secure ? new https.Agent(keepAlive) : new http.Agent(keepAlive);
  return { requestAgent: agent, upgradeAgent: agent };
}

function proxyAgents(proxy: URL, secure: boolean, settings: NetworkSettings): Agents {
  if (socksProtocols.includes(proxy.protocol)) {
    const agent = new SocksAgent(proxy, keepAlive);
    return { requestAgent: agent, upgradeAgent: agent };
  }
  const { proxyAuthorization } = settings;
  const options: TunnelOptions = {
    ...keepAlive,
    // For the connection to the proxy itself, when that is https.
    ...tlsOptionsOf(settings),
    ...(proxyAuthorization && { headers: { 'Proxy-Authorization': proxyAuthorization } }),
  };
  const tunnel = new TunnelAgent(proxy, options);
  // Many proxies allow CONNECT to port 443 only, so plain requests are sent to the proxy itself.
  return { requestAgent: secure ? tunnel : new HttpProxyAgent(proxy, options), upgradeAgent: tunnel };
}

type TunnelOptions = http.AgentOptions &
  TlsOptions & {
    /** Of the requests to the proxy. */
    readonly headers?: Record<string, string>;
    readonly signal?: AbortSignal;
  };

/**
 * HttpsProxyAgent whose connection to the proxy ends with the request that asked for it: by itself the library leaves
 * it open when a request is given up while the proxy is silent. A proxy's refusal is an error, not an answer.
 */
class TunnelAgent extends HttpsProxyAgent<string> {
  constructor(
    private readonly proxyUrl: URL,
    private readonly tunnelOptions: TunnelOptions,
  ) {
    super(proxyUrl, tunnelOptions);
  }

  override async connect(...args: Parameters<HttpsProxyAgent<string>['connect']>): Promise<net.Socket> {
    const [request, requestOptions] = args;
    const { givenUp } = requestOptions as Partial<GiveUpOption>;
    let status = 200;
    const onProxyAnswer = (answer: { statusCode: number }): void => void (status = answer.statusCode);
    request.once('proxyConnect', onProxyAnswer);
    try {
      const options: TunnelOptions = { ...this.tunnelOptions, ...(givenUp ? { signal: givenUp } : {}) };
      const socket = await new HttpsProxyAgent(this.proxyUrl, options).connect(...args);
      if (status === 200) return socket;
      socket.destroy();
      throw new ProxyError('refused', `the proxy ${this.proxyUrl.host} refused with HTTP ${status}`);
    } finally {
      request.off('proxyConnect', onProxyAnswer);
    }
  }
}

interface GiveUpOption {
  readonly givenUp: AbortSignal;
}

/**
 * A request's options by which a tunnel that is still being made ends with the signal. The request's own `signal` does
 * not get as far as the agent, and a request without a socket emits nothing when it is destroyed.
 */
export function endTunnelWith(signal: AbortSignal): object {
  const option: GiveUpOption = { givenUp: signal };
  return option;
}

class ProxyError extends CodedError<'refused'> {}

function closeIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

/** The proxy to use for a URL, or undefined for a direct connection. */
export function proxyFor(url: URL, settings: NetworkSettings): URL | undefined {
  if (!settings.proxyUrl || isLoopback(url.hostname)) return undefined;
  if (settings.noProxy?.some((pattern) => matchesNoProxy(url, pattern))) return undefined;
  return parseProxy(settings.proxyUrl);
}

const proxyProtocols = ['http:', 'https:', ...socksProtocols];

/** The address of a proxy as it was set; throws a {@link CloudError} `invalid` if there can be no such proxy. */
export function parseProxy(text: string): URL {
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy && proxy.hostname !== '' && proxyProtocols.includes(proxy.protocol)) return proxy;
  const schemes = proxyProtocols.map((protocol) => `${protocol}//`).join(', ');
  // The setting may hold a password: it is not repeated here.
  throw new CloudError(
    'invalid',
    `The proxy setting is no URL that begins with one of ${schemes}; correct http.proxy, or HTTPS_PROXY or HTTP_PROXY where ` +
      'that is empty',
  );
}

/**
 * `*`, `host`, `.suffix`, `*.suffix`, each with an optional `:port`, or a range of addresses; a name covers its
 * subdomains, as in curl.
 */
function matchesNoProxy(url: URL, pattern: string): boolean {
  const entry = pattern.trim().toLowerCase();
  if (entry === '*') return true;
  const host = unbracket(url.hostname).toLowerCase();
  const range = rangeOf(entry);
  if (range) return net.isIP(host) !== 0 && range.check(host, familyOf(host));
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\*?\./, '')) ?? [];
  if (port !== undefined && port !== portOf(url)) return false;
  return name !== '' && (host === unbracket(name) || host.endsWith(`.${name}`));
}

/** Addresses in the form of RFC 4632 section 3.1 and RFC 4291 section 2.3; one address is a range too. */
function rangeOf(entry: string): net.BlockList | undefined {
  const [, address = '', bits] = /^\[?([\da-f.:]+)\]?(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const longest = net.isIPv6(address) ? 128 : 32;
  const prefix = bits === undefined ? longest : Number(bits);
  if (net.isIP(address) === 0 || prefix > longest) return undefined;
  const range = new net.BlockList();
  range.addSubnet(address, prefix, familyOf(address));
  return range;
}

function familyOf(address: string): net.IPVersion {
  return net.isIPv6(address) ? 'ipv6' : 'ipv4';
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

/** Whether a URL's host is this computer: its bytes never leave it, and no proxy could reach it. */
export function isLoopback(hostname: string): boolean {
  const host = unbracket(hostname).toLowerCase();
  if (net.isIPv4(host)) return host.startsWith('127.');
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost');
}

function unbracket(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function tlsOptionsOf(settings: NetworkSettings): TlsOptions {
  const lax = settings.strictTls === false ? { rejectUnauthorized: false } : {};
  const extra = [...(settings.extraCa ?? []), ...readExtraCa()];
  return extra.length === 0 ? lax : { ...lax, secureContext: contextTrusting(extra) };
}

/** One context for all connections: parsing the system's certificates takes tens of milliseconds. */
function contextTrusting(extra: readonly string[]): tls.SecureContext {
  try {
    return tls.createSecureContext({ ca: [...tls.rootCertificates, ...extra] });
  } catch (cause) {
    throw new CloudError('invalid', `The extra certificates cannot be read: ${describeError(cause)}`, {
      cause,
    });
  }
}
