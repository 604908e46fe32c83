import { TLSSocket } from 'node:tls';
import { printable } from '../base/errors';
import { send } from './http';
import { errorOfNetwork } from './httpErrors';
import { parseBaseUrl } from './origin';
import type { NetworkSettings } from './provider';
import { endTunnelWith, routeTo } from './proxy';

/** What an answer of an origin shows of the way to it. */
export interface Reach {
  /** How long the answer took; any answer will do. */
  readonly ms: number;
  /** Present if the way is encrypted. Names are untrusted text. */
  readonly tls?: { readonly protocol: string; readonly issuer: string; readonly until: string };
}

/** Asks an origin anything, without credentials. Rejects with a {@link CloudError} that says what is in the way. */
export async function reach(baseUrl: string, network: NetworkSettings, signal: AbortSignal): Promise<Reach> {
  const url = parseBaseUrl(baseUrl);
  const route = routeTo(url, network);
  const began = performance.now();
  try {
    const options = { agent: route.requestAgent, ...route.tls, ...endTunnelWith(signal), signal };
    const response = await send(url, options);
    const tls = response.socket instanceof TLSSocket ? describeTls(response.socket) : undefined;
    response.destroy();
    return { ms: performance.now() - began, ...(tls && { tls }) };
  } catch (error) {
    signal.throwIfAborted();
    throw errorOfNetwork('reach the cloud', url.host, error);
  } finally {
    route.dispose();
  }
}

function describeTls(socket: TLSSocket): NonNullable<Reach['tls']> {
  const { issuer, valid_to: until } = socket.getPeerCertificate();
  const name = issuer.O ?? issuer.CN;
  const text = Array.isArray(name) ? name.join(' ') : name;
  return {
    protocol: socket.getProtocol() ?? '',
    issuer: printable(text ?? '', 100),
    until: printable(until, 40),
  };
}
