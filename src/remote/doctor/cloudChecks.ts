/** What is looked at of the way to a cloud, from the name of its host to who we are there. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { abortable } from '../../base/async';
import { printable } from '../../base/errors';
import { isReadableOnTheWay, parseBaseUrl } from '../../cloud/origin';
import type { CloudClient, Endpoint } from '../../cloud/provider';
import { isLoopback, proxyFor } from '../../cloud/proxy';
import { reach } from '../../cloud/reach';
import type { Check } from './examination';
import type { Finding } from './findings';

export interface CloudFacts {
  /** Where the cloud is; starts nothing. */
  readonly endpoint: (signal: AbortSignal) => Promise<Endpoint>;
  readonly client: (signal: AbortSignal) => Promise<CloudClient>;
}

const MAX_ADDRESSES = 4;

export function cloudChecks(cloud: CloudFacts): readonly Check[] {
  return [
    {
      name: 'endpoint',
      async run(signal) {
        const { baseUrl } = await cloud.endpoint(signal);
        return { outcome: 'ok', result: 'endpointKnown', values: { url: baseUrl } };
      },
    },
    {
      name: 'lookUp',
      needs: ['endpoint'],
      run: async (signal) => lookUp(await cloud.endpoint(signal), signal),
    },
    {
      name: 'reach',
      needs: ['lookUp'],
      run: async (signal) => reachCloud(await cloud.endpoint(signal), signal),
    },
    {
      name: 'authentication',
      needs: ['reach'],
      async run(signal) {
        const client = await cloud.client(signal);
        const began = performance.now();
        const { label } = await client.whoAmI(signal);
        const values = { label: printable(label, 200), ms: performance.now() - began };
        return { outcome: 'ok', result: 'signedIn', values };
      },
    },
  ];
}

async function lookUp({ baseUrl, network = {} }: Endpoint, signal: AbortSignal): Promise<Finding> {
  const url = parseBaseUrl(baseUrl);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const proxy = proxyFor(url, network);
  // Behind a proxy it is the proxy who looks the cloud up.
  const name = proxy ? proxy.hostname.replace(/^\[|\]$/g, '') : host;
  if (isIP(name) || isLoopback(name)) return { outcome: 'ok', result: 'isAddress', values: { host: name } };
  const found = await abortable(lookup(name, { all: true }), signal);
  const addresses = found
    .slice(0, MAX_ADDRESSES)
    .map(({ address }) => address)
    .join(', ');
  return proxy
    ? { outcome: 'ok', result: 'lookUpByProxy', values: { host, proxy: proxy.host } }
    : { outcome: 'ok', result: 'lookedUp', values: { host, addresses } };
}

async function reachCloud({ baseUrl, network = {} }: Endpoint, signal: AbortSignal): Promise<Finding> {
  const { ms, tls } = await reach(baseUrl, network, signal);
  if (tls) return { outcome: 'ok', result: 'reachedByTls', values: { ms, ...tls } };
  return isReadableOnTheWay(parseBaseUrl(baseUrl))
    ? { outcome: 'warning', result: 'reachedInClear', values: { ms } }
    : { outcome: 'ok', result: 'reached', values: { ms } };
}
