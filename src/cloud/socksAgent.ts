import type * as http from 'node:http';
import type * as net from 'node:net';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { CodedError, describeError } from '../base/errors';

/** Of SOCKS 4, 4a and 5 (RFC 1928), by all names that the editor's setting accepts. */
export const socksProtocols: readonly string[] = ['socks:', 'socks4:', 'socks4a:', 'socks5:', 'socks5h:'];

/**
 * Connections by a SOCKS proxy. Rejects with a {@link SocksError} about a proxy that is not there, refuses, or takes more
 * than 30 s; one that a request was given up for is left to that limit.
 */
export class SocksAgent extends Agent {
  readonly #proxy: URL;

  constructor(proxy: URL, options: http.AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override async connect(request: http.ClientRequest, options: AgentConnectOpts): Promise<net.Socket> {
    // Loaded when it is needed: each connection loads this file, and few people have such a proxy.
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    const agent = new SocksProxyAgent(withRemoteNames(this.#proxy));
    // The library takes an IPv6 address as it stands in the URL.
    agent.proxy.host = this.#proxy.hostname.replace(/^\[|\]$/g, '');
    try {
      return await agent.connect(request, options);
    } catch (cause) {
      const { host } = this.#proxy;
      throw new SocksError('refused', `the proxy ${host} failed: ${describeError(cause)}`, { cause });
    }
  }
}

class SocksError extends CodedError<'refused'> {}

/** As the editor has it, the proxy looks up the names of hosts whatever the variant; the library would for two of them. */
function withRemoteNames(proxy: URL): string {
  return proxy.href.replace(/^socks5:/, 'socks5h:').replace(/^socks4:/, 'socks4a:');
}
