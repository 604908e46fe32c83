import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Locator } from 'playwright-core';
import { silentLogger } from '../../src/base/logger';
import { sshHome } from '../../src/base/paths';
import { shellQuote } from '../../src/base/shell';
import type { CloudClient, Sandbox } from '../../src/cloud/provider';
import { providerOf } from '../../src/cloud/registry';
import { configEnding } from '../../src/sshConfig/hostFiles';
import { includeLine } from '../../src/sshConfig/include';
import { includePattern } from '../../src/sshConfig/quoting';
import { freePort } from '../helpers/forwards';
import { LocalCloudServer } from '../helpers/localCloud';
import { Relay } from '../helpers/relay';
import { requireTool } from '../helpers/require';
import { addCloud } from './host/addCloud';
import { connectAsEditor, openInSandbox } from './host/sandboxWindow';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

const name = 'web';
/** A connection is slow, or no longer, when some of its reports say so, which come every few seconds. */
const SOME_REPORTS_MS = 60_000;

describe('The connection to a sandbox in a real VS Code', function () {
  this.timeout(90_000);

  // All that is on the editor's PATH.
  const bin = path.join(os.tmpdir(), `sbxbin-${process.pid}`);
  before(async function () {
    requireTool(this, 'ssh');
    await fs.mkdir(bin);
    const script = `#!/bin/sh\nPATH=${shellQuote(process.env['PATH'] ?? '')}\nexec ssh "$@"\n`;
    await fs.writeFile(path.join(bin, 'ssh'), script, { mode: 0o755 });
  });
  after(() => fs.rm(bin, { recursive: true, force: true }));

  // Told that it was started from a shell, the server does not ask one for its PATH.
  const editor = useEditor({ env: { PATH: bin, VSCODE_CLI: '1' } });
  let workbench: Workbench;
  let cloud: LocalCloudServer;
  /** Between all that is tested and the cloud. */
  let relay: Relay;
  let client: CloudClient;
  let sandbox: Sandbox;
  let ssh: ChildProcess | undefined;

  before(async () => {
    ({ workbench } = editor);
    await startCloud(String(await freePort()));
    relay = await Relay.start(cloud.ready.url, await freePort());
  });
  after(async () => {
    ssh?.kill();
    client.dispose();
    await relay.stop();
    await cloud.stop();
  });

  async function startCloud(port: string): Promise<void> {
    const stateDir = path.join(editor.dir, 'cloud');
    cloud = await LocalCloudServer.start({ stateDir, args: ['--runtime', 'process', '--port', port] });
    const endpoint = { provider: 'boxlite', baseUrl: cloud.ready.url, token: cloud.api.token };
    client = providerOf(endpoint.provider).connect(endpoint, silentLogger);
  }

  const item = (): Locator => workbench.statusBarItem('cloud-sandboxes.cloud-sandboxes.connection');

  /** Diagnoses and resolves to the report as it is copied. */
  async function diagnose(subject: string): Promise<string> {
    await workbench.runCommand('Cloud Sandboxes: Diagnose Connection');
    await workbench.pick(subject);
    const done = workbench.page.locator('.notifications-toasts .notification-list-item', {
      has: workbench.page.getByRole('button', { name: 'Copy Report' }),
    });
    await done.getByRole('button', { name: 'Copy Report' }).waitFor();
    await workbench.screenshot(`diagnosis ${subject}`);
    return workbench.copiedBy(async () => {
      await done.getByRole('button', { name: 'Copy Report' }).click();
      await done.waitFor({ state: 'detached' });
    });
  }

  async function connect(): Promise<void> {
    ssh = await connectAsEditor(editor);
  }

  async function disconnect(): Promise<void> {
    const child = ssh!;
    child.stdin!.end();
    await once(child, 'exit');
  }

  it('is diagnosed without a sandbox, as far as that goes', async () => {
    await workbench.openView('Cloud Sandboxes');
    const report = await diagnose('No sandbox');
    assert.match(report, /\[ok\] SSH client: ssh is OpenSSH/);
    assert.match(report, /\[ok\] Windows of this editor: This one answers/);
    assert.doesNotMatch(report, /FAILED/);
  });

  it('is diagnosed into the sandbox and back', async () => {
    await addCloud(workbench, relay.url, cloud.api.token);
    sandbox = await client.create({ name });
    await client.start(sandbox.id);
    await workbench.row(name, 'running').waitFor();

    const report = await diagnose(name);
    for (const line of [
      /\[ok\] Way to the cloud: Answers after/,
      /\[ok\] Sign-in: The cloud knows us/,
      /\[ok\] WebSocket: Opens in/,
      /\[ok\] Running a command: Every byte came back/,
      /\[ok\] Keys and credentials: A window hands them out/,
      /\[ok\] Connection by ssh: Connected after/,
      /\| not by the backend sshd: the cloud tells of no SSH server/,
      /\| backend agent \w+: over execs of the cloud/,
    ]) {
      assert.match(report, line);
    }
    assert.doesNotMatch(report, /FAILED/);
    assert.ok(!report.includes(cloud.api.token));
  });

  it('is shown in a window that is open in the sandbox', async () => {
    assert.equal(await item().count(), 0);
    await openInSandbox(editor, 'sandbox');
    await item().getByText(name).waitFor();
    await workbench.screenshot('status-waiting');

    await connect();
    await item()
      .getByText(/web: \d+ ms/)
      .waitFor();
    await workbench.screenshot('status-connected');
  });

  it('is in the editor’s own menu for remote machines, and can be diagnosed from there', async () => {
    await workbench.statusBarItem('status.host').click();
    await workbench.pickEntry('Diagnose Connection').waitFor();
    await workbench.screenshot('remote-menu-in-sandbox');
    await workbench.pick('Show Connection Actions');
    await workbench.pickEntry('Copy SSH Command').waitFor();
    await workbench.page.keyboard.press('Escape');

    await workbench.statusBarItem('status.host').click();
    await workbench.pick('Diagnose Connection');
    await workbench.pickEntry(name).getByText('this window').waitFor();
    await workbench.page.keyboard.press('Escape');
  });

  it('finds its way again by itself, and shows for how long it has none', async () => {
    relay.network.goSilent();
    assert.ok(relay.network.cut() > 0);
    await item()
      .getByText(/web: reconnecting \(\d+\)/)
      .waitFor();
    await workbench.screenshot('status-finding-its-way');

    relay.network.comeBack();
    await item()
      .getByText(/web: \d+ ms/)
      .waitFor();
    assert.equal(ssh!.exitCode, null, 'it is the same ssh');
  });

  it('is called slow while the way to the cloud takes long, and no longer', async () => {
    relay.network.lag(200);
    assert.ok(relay.network.cut() > 0);
    await item()
      .getByText(/web: slow, \d+ ms/)
      .waitFor({ timeout: SOME_REPORTS_MS });
    await workbench.screenshot('status-slow');

    relay.network.lag(undefined);
    assert.ok(relay.network.cut() > 0);
    await item()
      .getByText(/web: \d+ ms/)
      .waitFor({ timeout: SOME_REPORTS_MS });
    assert.equal(ssh!.exitCode, null, 'it is the same ssh');
  }).timeout(3 * SOME_REPORTS_MS);

  it('is shown as lost and made again', async () => {
    await disconnect();
    await item().getByText('web: reconnecting (1)').waitFor();
    await workbench.screenshot('status-reconnecting');
    await connect();
    await item()
      .getByText(/web: \d+ ms/)
      .waitFor();
  });

  it('says that the sandbox is stopped, and offers to start it', async () => {
    await client.stop(sandbox.id);
    await item().getByText('web: stopped').waitFor();
    await item().click();
    await workbench.pickEntry('Start and Reconnect').waitFor();
    await workbench.screenshot('status-stopped');
    const reloaded = workbench.page.waitForEvent('load');
    await workbench.pick('Start and Reconnect');
    await reloaded;
    await connect();
    await item()
      .getByText(/web: \d+ ms/)
      .waitFor();
    assert.equal((await client.get(sandbox.id)).status, 'running');
  });

  it('names the line of the user’s that wins over ours', async () => {
    const include = includePattern(path.join(editor.sshDir, 'cloud-sandboxes'), configEnding, sshHome());
    const config = `Host *\n  ProxyJump bastion\n${includeLine(include)}\n`;
    await fs.writeFile(path.join(editor.sshDir, 'config'), config);
    const report = await diagnose(name);
    assert.match(report, /\[FAILED\] SSH configuration: .*win/);
    assert.match(report, /\| ProxyCommand is "none" .* by line 2 of .*config: ProxyJump bastion/);
    // Which is not in the way of what uses our files alone.
    assert.match(report, /\[ok\] Connection by ssh/);
    await fs.rm(path.join(editor.sshDir, 'config'));
  });

  it('says what is wrong where there is no ssh', async () => {
    await fs.rename(path.join(bin, 'ssh'), path.join(bin, 'hidden'));
    const report = await diagnose(name);
    assert.match(report, /1 problem. SSH client: There is no program ssh; install an OpenSSH client/);
    assert.match(report, /\[skipped\] Connection by ssh: Needs “SSH client” to work/);
    await fs.rename(path.join(bin, 'hidden'), path.join(bin, 'ssh'));
  });

  it('says what is wrong where a token is refused', async () => {
    await disconnect();
    const { port } = new URL(cloud.ready.url);
    await cloud.stop();
    await fs.rm(cloud.ready.tokenFile);
    await startCloud(port);
    await connect();
    await item().getByText('web: signed out').waitFor();
    await workbench.screenshot('status-signed-out');

    const report = await diagnose(name);
    assert.match(report, /\[FAILED\] Sign-in: .*sign in again/);
    assert.match(report, /\[skipped\] WebSocket: Needs “Sign-in” to work/);
  });

  it('leads back to that cloud, and no other, once the person has signed out of it', async () => {
    await workbench.runCommand('Cloud Sandboxes: Sign Out');
    await workbench.notification('Signed out of').waitFor();
    await item().click();
    await workbench.pickEntry('Sign In Again').waitFor();
    assert.equal(await workbench.pickEntry('Reconnect').count(), 0, 'there is nothing to reconnect with');
    await workbench.screenshot('status-account-gone');
    await workbench.pick('Sign In Again');
    await workbench.pick('BoxLite');
    await workbench.page.getByText('(1/2)').waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.answer('(2/2)', cloud.api.token);
    await item().getByText('web: signed out').waitFor({ state: 'detached' });
    await workbench.row(name).waitFor();
  });

  it('says what is wrong where the cloud does not answer', async () => {
    const { port } = new URL(relay.url);
    await relay.stop();
    const report = await diagnose(name);
    assert.match(report, /\[FAILED\] Way to the cloud: .*refuses connections/);
    relay = await Relay.start(cloud.ready.url, Number(port));
  });

  it('says that the sandbox is deleted', async () => {
    await workbench.copiedBy(async () => {
      await workbench.runCommand('Cloud Sandboxes: Copy SSH Command');
      await workbench.pick(name);
    });
    await client.delete(sandbox.id);
    await connect();
    await item().getByText('web: deleted').waitFor();
    await workbench.screenshot('status-deleted');
  });

  it('leaves no secret in the log', async () => {
    await workbench.runCommand('Cloud Sandboxes: Show Log');
    const logs = await logTexts();
    assert.match(logs, /Cloud Sandboxes: diagnosis/);
    assert.ok(!logs.includes(cloud.api.token));
    assert.doesNotMatch(logs, /PRIVATE KEY/);
  });

  /** Of all extension hosts. */
  async function logTexts(): Promise<string> {
    const folder = path.join(editor.dir, 'vscode', 'data', 'logs');
    const files = await fs.readdir(folder, { recursive: true });
    const ours = files.filter((file) => file.endsWith('Cloud Sandboxes.log'));
    return (await Promise.all(ours.map((file) => fs.readFile(path.join(folder, file), 'utf8')))).join('\n');
  }
});
