import assert from 'node:assert/strict';
import type { AgentHost, Transport } from '../../src/cloud/provider';
import type { CloudWebSocket } from '../../src/cloud/websocket';
import type { OpenHandsOptions } from '../clouds/openhands/options';
import { eventually } from '../helpers/eventually';
import { makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands } from './client';

const deployments: { readonly name: string; readonly options: OpenHandsOptions; readonly ports: number[] }[] =
  [
    { name: 'a cloud that routes by path', options: { routing: 'path' }, ports: [12_001, 12_000] },
    { name: 'a cloud that routes by host', options: { routing: 'host' }, ports: [12_001, 12_000] },
    {
      name: 'an old server on another computer, which calls itself localhost',
      options: { routing: 'docker', address: '127.0.0.2', release: 'old' },
      ports: [8012, 8011],
    },
  ];

for (const { name, options, ports } of deployments) {
  describe(`The way into a sandbox of ${name}`, function () {
    this.timeout(STARTS_A_SANDBOX_MS);

    const lab = useOpenHands({ agentServer: 'standIn', ...options });
    let id: string;
    let transport: Transport;
    let host: AgentHost;
    before(async () => {
      ({ id } = await makeSandbox(lab.client));
      transport = lab.client.transport(id);
      host = transport.agentHost!;
    });

    it('runs no program with streams, and says so', async () => {
      await assert.rejects(transport.exec({ argv: ['true'] }), { code: 'unsupported' });
    });

    it('runs a script by sh, without input, in a folder that is always there', async () => {
      const { code, stdout, stderr } = await host.run(`cat; pwd; echo "it's" >&2; exit 3`);

      assert.deepEqual({ code, stdout, stderr }, { code: 3, stdout: '/\n', stderr: "it's\n" });
    });

    it('gets outputs that come in several pieces, in order', async () => {
      const { stdout } = await host.run('seq 500000');

      assert.equal(stdout.length, 3_388_895);
      assert.ok(stdout.startsWith('1\n2\n') && stdout.endsWith('499999\n500000\n'));
    });

    it('writes a file byte for byte, making its folder', async () => {
      const content = Buffer.from([...Array(70_000).keys()].map((byte) => byte & 0xff));
      await host.upload('/workspace/a b/new/file', content);

      const { stdout } = await host.run('base64 -w0 "/workspace/a b/new/file"');
      assert.ok(Buffer.from(stdout, 'base64').equals(content));
    });

    it('knows the public ports, the one that OpenHands leaves alone first', async () => {
      assert.deepEqual(
        (await host.publicPorts()).map(({ port }) => port),
        ports,
      );
    });

    it('reaches what listens on a public port, once it does', async () => {
      const [port] = await host.publicPorts();
      const dial = (): Promise<CloudWebSocket> =>
        port!.dial({ path: '/agent', headers: { 'x-probe': 'yes' } });
      await assert.rejects(dial(), { code: 'unreachable' });
      await host.upload('/tmp/server.mjs', Buffer.from(echoServer(port!.port)));
      await host.run('setsid node /tmp/server.mjs >/dev/null 2>&1 &');

      const socket = await eventually(dial);
      const received = new Promise<string>((resolve, reject) => {
        socket.listen({
          onMessage: (data) => resolve(data.toString()),
          onClose: () => reject(new Error('closed')),
        });
      });
      socket.send('hello');

      assert.match(await received, /\/agent yes: hello$/);
      socket.terminate();
    });

    it('tells the sandbox that it is in use, which leaves nothing behind there', async () => {
      const events = async (): Promise<string> =>
        (await host.run('ls /workspace/bash_events | wc -l')).stdout;
      const before = Number(await events());
      lab.cloud.requests.clear();

      await transport.keepAlive!();

      const sent = lab.cloud.requests.to('AGENT_SERVER').map(({ method, path }) => `${method} ${path}`);
      assert.match(sent.join(), /GET .*\/api\/git\/(commits|changes)$/);
      // A command is two events, of which the second is written after the command has counted.
      assert.equal(Number(await events()), before + 2);
    });

    it('knows of no SSH server where there is none', async () => {
      assert.equal(await transport.sshService!(), undefined);
    });
  });
}

/** Answers each WebSocket message with the path and the header of the handshake before it. */
function echoServer(port: number): string {
  const ws = JSON.stringify(new URL('../../node_modules/ws/wrapper.mjs', import.meta.url).pathname);
  return `
    import { WebSocketServer } from ${ws};
    new WebSocketServer({ port: ${port}, host: '127.0.0.1' }).on('connection', (socket, { url, headers }) =>
      socket.on('message', (data) => socket.send(url + ' ' + headers['x-probe'] + ': ' + data)),
    );`;
}
