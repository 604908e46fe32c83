import assert from 'node:assert/strict';
import { silentLogger } from '../../src/base/logger';
import type { CloudErrorCode } from '../../src/cloud/errors';
import type { SandboxSite } from '../../src/cloud/openhands/site';
import { OpenHandsTransport } from '../../src/cloud/openhands/transport';
import { serveHttp, type TestServer } from '../helpers/httpServer';

describe('What an ingress says in place of our agent', () => {
  let server: TestServer;
  afterEach(() => server.close());

  const dial = async (): Promise<unknown> => {
    const url = (): Promise<URL> => Promise.resolve(new URL(server.url));
    const site: SandboxSite = {
      use: () => Promise.reject(new Error('there is no agent-server')),
      workerPorts: () => Promise.resolve([{ port: 12_001, url }]),
      sshPlace: () => Promise.resolve(undefined),
    };
    const [port] = await new OpenHandsTransport(site, undefined, silentLogger).agentHost.publicPorts();
    return port?.dial({ path: '/agent', headers: {} });
  };

  const answers: { readonly status: number; readonly means: string; readonly code: CloudErrorCode }[] = [
    { status: 404, means: 'it does not know the port yet', code: 'unreachable' },
    { status: 502, means: 'nothing listens on the port yet', code: 'unreachable' },
    { status: 503, means: 'it has nobody to send this to yet', code: 'unreachable' },
    { status: 429, means: 'we come too often', code: 'rate-limited' },
    { status: 401, means: 'it lets in only who it knows, which no new sign-in changes', code: 'forbidden' },
    { status: 403, means: 'it lets nobody in', code: 'forbidden' },
    { status: 302, means: 'there is a page to sign in at', code: 'protocol' },
    { status: 200, means: 'it has a page for everything', code: 'protocol' },
  ];
  for (const { status, means, code } of answers) {
    it(`by ${status} is that ${means}`, async () => {
      server = await serveHttp((_request, response) => response.writeHead(status).end('<html>'));

      await assert.rejects(dial(), { code });
    });
  }
});
