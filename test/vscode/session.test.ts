import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { eventually } from '../helpers/eventually';
import { connectTo, freePort } from '../helpers/forwards';
import { Relay } from '../helpers/relay';
import { requireTool, skipFor } from '../helpers/require';
import { SandboxOverSsh } from '../helpers/sandboxOverSsh';
import { hostObstacle, installHost, installTimeoutMs, type VsCodeHost } from './host/install';
import { startUploadedServer, uploadServer } from './host/remoteServer';
import { Workbench, type WorkbenchOptions } from './host/workbench';

describe('A whole VS Code session through the bridge', function () {
  this.timeout(90_000);

  let host: VsCodeHost;
  let sandbox: SandboxOverSsh;
  /** Between the connections and the cloud. */
  let relay: Relay;
  /** Of VS Code's server, on the sandbox's loopback interface. */
  let serverPort: number;
  let tunnel: ChildProcess;
  let workbench: Workbench;
  const cleanUps: (() => Promise<void>)[] = [];

  before(async function () {
    this.timeout(installTimeoutMs);
    requireTool(this, 'ssh', 'bwrap', 'tar');
    const obstacle = hostObstacle();
    if (obstacle !== undefined) skipFor(this, obstacle);
    host = await installHost();
    sandbox = await SandboxOverSsh.open({ runtime: 'bubblewrap', name: 'far-away', backend: 'auto' });
    cleanUps.push(() => sandbox.close());
    relay = await Relay.start(sandbox.endpoint.baseUrl);
    cleanUps.push(() => relay.stop());
    await sandbox.serve(true, relay.url);
  });

  after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  /** An ssh that forwards and does nothing else; resolves once its local end can be connected to. */
  async function openTunnel(port: number, ...options: string[]): Promise<ChildProcess> {
    const ssh = sandbox.spawn('ssh', ['-N', ...options, sandbox.alias]);
    await eventually(async () => (await connectTo(port)).destroy(), 20_000);
    return ssh;
  }

  async function openFolder(port: number, options: WorkbenchOptions = {}): Promise<Workbench> {
    const url = `http://127.0.0.1:${port}/?folder=/root/project`;
    const opened = await Workbench.open(host.chromium, url, options);
    cleanUps.push(() => opened.close());
    await opened.file('README.md').waitFor();
    return opened;
  }

  async function inSandbox(file: string, expected: RegExp): Promise<void> {
    await eventually(async () => {
      const { stdout } = await sandbox.ssh(`cat ${file}`);
      assert.match(stdout.toString(), expected);
    }, 60_000);
  }

  it('begins with a server that is put into the sandbox and started there', async () => {
    await uploadServer(host, sandbox);
    serverPort = await startUploadedServer(host, sandbox);
    await sandbox.ssh('mkdir project; cd project; echo "# In the sandbox" >README.md; echo milk >list.txt');
  });

  it('opens a folder through ssh -D', async () => {
    const proxyPort = await freePort();
    tunnel = await openTunnel(proxyPort, '-D', `127.0.0.1:${proxyPort}`);
    workbench = await openFolder(serverPort, { socksProxy: `127.0.0.1:${proxyPort}` });
    await workbench.screenshot('session-1-folder');
  });

  it('edits a file and saves it', async () => {
    await workbench.openFile('README.md', 'In the sandbox');
    await workbench.appendAndSave('one more line');
    await inSandbox('project/README.md', /one more line\n/);
  });

  it('runs a command in a terminal', async () => {
    await workbench.newTerminal();
    await workbench.typeInTerminal('mark=kept.$$; echo "on $(hostname)"');
    await workbench.waitForTerminal(/on far-away/);
    await workbench.screenshot('session-2-terminal');
  });

  it('searches in files', async () => {
    await workbench.findInFiles('milk', 'list.txt');
    await workbench.screenshot('session-3-search');
  });

  it('goes on in the same editor and terminal when all connections to the cloud were lost', async () => {
    const lost: string[] = [];
    workbench.page.on('websocket', (socket) => lost.push(`a new ${socket.url()}`));
    workbench.page.on('load', () => lost.push('the page'));

    assert.ok(relay.network.cut() > 0);
    await workbench.appendAndSave('written after the cut');
    await inSandbox('project/README.md', /written after the cut\n/);
    await workbench.typeInTerminal('echo "still $mark, now.$$"');
    await workbench.waitForTerminal(/still kept\.(\d+), now\.\1/);
    await workbench.screenshot('session-4-after-cut');

    assert.equal(tunnel.exitCode, null, 'it is the same ssh');
    assert.deepEqual(lost, [], 'the editor did not notice');
  });

  it('is as good through ssh -L', async () => {
    const port = await freePort();
    await openTunnel(port, '-L', `127.0.0.1:${port}:127.0.0.1:${serverPort}`);
    const second = await openFolder(port);
    await second.openFile('list.txt', 'milk');
    await second.appendAndSave('bread');
    await inSandbox('project/list.txt', /bread\n/);
  });
});
