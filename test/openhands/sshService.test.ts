import assert from 'node:assert/strict';
import { silentLogger } from '../../src/base/logger';
import { AgentServer } from '../../src/cloud/openhands/agentServer';
import type { Sandbox } from '../../src/cloud/provider';
import { SSHD_LOG } from '../clouds/openhands/agentServer';
import type { ExposedUrl } from '../clouds/openhands/options';
import { eventually } from '../helpers/eventually';
import { serveHttp, type TestServer } from '../helpers/httpServer';
import { requireTool } from '../helpers/require';
import { endpointOf, makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands } from './client';
import { CloudHost } from './host';

describe('An OpenHands sandbox with an SSH server of its own', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  before(function () {
    requireTool(this, 'sshd');
  });
  /** What the cloud says of it, in place of what is so. */
  let said: Partial<ExposedUrl> | undefined;
  const lab = useOpenHands({
    agentServer: 'standIn',
    hasSshService: true,
    intercept: ({ path }) => {
      if (!said || path !== '/api/v1/sandboxes') return undefined;
      const info = lab.cloud.sandbox(sandbox.id).look();
      const urls = info.exposed_urls?.map((url) => (url.name === 'SSH' ? { ...url, ...said } : url));
      return { status: 200, body: [{ ...info, exposed_urls: urls }] };
    },
  });
  /** Our client learns of the sandbox what the cloud says from now on. */
  const hear = async (change: typeof said): Promise<void> => {
    said = change;
    await lab.client.get(sandbox.id);
  };
  afterEach(() => hear(undefined));
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await makeSandbox(lab.client);
  });

  it('says who its user is and what its host keys are', async () => {
    const service = (await lab.client.transport(sandbox.id).sshService!())!;

    assert.equal(service.user, 'openhands');
    assert.match(service.hostKeys!.join('\n'), /^ssh-ed25519 [\w+/=]+$/m);
  });

  it('is connected to twice to find out, for one of OpenSSH 9.8 or newer refuses who does that often', async () => {
    const transport = lab.client.transport(sandbox.id);
    const connections = async (): Promise<number> => {
      const { stdout } = await transport.agentHost!.run(`grep -c '^Connection from' ${SSHD_LOG}`);
      return Number(stdout);
    };
    const before = await connections();
    await transport.sshService!();

    assert.equal((await connections()) - before, 2);
  });

  const useless: { readonly name: string; readonly said: Partial<ExposedUrl> }[] = [
    { name: 'whose host keys nobody tells: anyone could answer there', said: { port: 2223 } },
    { name: 'whose address is not understood', said: { url: 'ssh -p 2222 openhands@ssh.example' } },
  ];
  for (const { name, said: saying } of useless) {
    it(`is not used where it is one ${name}`, async () => {
      await hear(saying);

      assert.equal(await lab.client.transport(sandbox.id).sshService!(), undefined);
    });
  }

  it('lets a key in that it is told of, once', async () => {
    const transport = lab.client.transport(sandbox.id);
    const service = (await transport.sshService!())!;
    await service.authorize!('ssh-ed25519 AAAAone');
    await service.authorize!('ssh-ed25519 AAAAone');
    const { stdout } = await transport.agentHost!.run(
      'cat ~/.ssh/authorized_keys; stat -c %a ~/.ssh/authorized_keys',
    );

    assert.deepEqual(stdout.match(/AAAAone/g)?.length, 1);
    assert.match(stdout, /\n600\n$/);
  });

  it('is reached through it, with the key of this computer', async () => {
    const host = await CloudHost.open({ endpoint: endpointOf(lab.cloud), sandbox, backend: 'sshd' });
    const { code, stdout, stderr } = await host.ssh('echo $SSH_CONNECTION | wc -w; cat', 'input');
    await host.close();

    assert.deepEqual([code, stdout.toString()], [0, '4\ninput'], stderr);
  });

  it('is looked for anew each time: a resume moves it', async () => {
    const transport = lab.client.transport(sandbox.id);
    await transport.sshService!();
    await lab.client.stop(sandbox.id);
    await lab.client.start(sandbox.id);

    await eventually(async () => {
      const service = await transport.sshService!();
      (await service!.dial()).destroy();
    });
  });
});

describe('The port of an SSH server, by an agent-server', () => {
  let server: TestServer;
  afterEach(() => server.close());

  const ask = async (status: number, body: unknown): Promise<number | undefined> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    server = await serveHttp((_request, response) => response.writeHead(status).end(text));
    const agentServer = new AgentServer({ baseUrl: server.url }, silentLogger);
    return agentServer.sshPort().finally(() => agentServer.dispose());
  };

  it('is told where one runs', async () => {
    assert.equal(await ask(200, { enabled: true, running: true, error: null, port: 2222 }), 2222);
  });

  const none: { readonly name: string; readonly status: number; readonly body: unknown }[] = [
    { name: 'one that does not run', status: 200, body: { running: false, port: 2222 } },
    { name: 'a server that cannot tell', status: 404, body: { detail: 'Not Found' } },
    { name: 'a gateway that lets nobody ask', status: 403, body: '<html>Forbidden' },
    { name: 'a page for everything', status: 200, body: '<html>Welcome' },
  ];
  for (const { name, status, body } of none) {
    it(`is none by ${name}`, async () => {
      assert.equal(await ask(status, body), undefined);
    });
  }

  it('is asked for again where a gateway does not reach the server', async () => {
    await assert.rejects(ask(404, '<html>Not Found'), { code: 'unreachable' });
  });
});
