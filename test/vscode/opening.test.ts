import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { sshHome } from '../../src/base/paths';
import { configEnding } from '../../src/sshConfig/hostFiles';
import { includeLine } from '../../src/sshConfig/include';
import { includePattern } from '../../src/sshConfig/quoting';
import { openCreateForm } from './host/createSandbox';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

const run = promisify(execFile);
const prompt = /[#$] ?\s*$/;

describe('Making and opening sandboxes in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  let workbench: Workbench;

  before(() => ({ workbench } = editor));

  const copiedCommand = (name: string): Promise<string> =>
    workbench.copiedBy(() => workbench.contextMenu(workbench.row(name), 'Copy SSH Command'));

  const hostKeys = async (): Promise<string> => {
    const folder = path.join(editor.sshDir, 'cloud-sandboxes');
    const file = (await fs.readdir(folder)).find((name) => name.endsWith('.known_hosts'));
    return fs.readFile(path.join(folder, file!), 'utf8');
  };

  it('shows what the cloud lets one choose, with what it comes to', async () => {
    await workbench.openView('Cloud Sandboxes');
    await workbench.clickInSideBar('Start Local Cloud');
    await openCreateForm(workbench);
    await workbench.answer('Create Sandbox', 'first');
    await workbench.pickEntry('Stop When Idle').getByText('after 15 min (default)').waitFor();
    await workbench.screenshot('create-settings');
  });

  it('changes a setting and comes back to all of them', async () => {
    await workbench.pick('Stop When Idle');
    await workbench.pickEntry('after 15 min').waitFor();
    await workbench.screenshot('create-setting');
    await workbench.pick('after 1 h');
    await workbench.pickEntry('Create').getByText('Stop When Idle: after 1 h').waitFor();
  });

  it('goes back to the name and keeps what was chosen', async () => {
    await workbench.page.locator('.quick-input-widget').getByRole('button', { name: 'Back' }).click();
    await workbench.answer('(1/2)', 'second');
    await workbench.pickEntry('Create').getByText('Stop When Idle: after 1 h').waitFor();
    await workbench.page.keyboard.press('Enter');
  });

  it('opens the sandbox when it is ready', async () => {
    await workbench.waitForTerminal(prompt);
    await workbench.row('second', 'running').waitFor();
    await workbench.screenshot('created-and-open');
  });

  it('copies an SSH command that works in any shell', async () => {
    const command = await copiedCommand('second');
    await workbench.notification('Copied: ssh -F').waitFor();
    await workbench.screenshot('copied-command');
    const { stdout } = await run('/bin/sh', ['-c', `${command} echo from outside`]);
    assert.equal(stdout, 'from outside\n');
  });

  it('has new keys when asked to, and ssh goes on without a question', async () => {
    const before = await hostKeys();
    await workbench.contextMenu(workbench.row('second'), 'Rotate Keys');
    await workbench.notification('has a new host key').waitFor();
    assert.notEqual(await hostKeys(), before);
    const { stdout } = await run('/bin/sh', ['-c', `${await copiedCommand('second')} echo with new keys`]);
    assert.equal(stdout, 'with new keys\n');
    await workbench.typeInTerminal('echo still=$((6*7))');
    await workbench.waitForTerminal(/still=42/);
  });

  it('takes a sandbox from the list by a button too, as a terminal', async () => {
    await workbench.runCommand('Cloud Sandboxes: Open Sandbox');
    await workbench.pickEntry('second').hover();
    await workbench.screenshot('open-sandbox');
    await workbench.pickEntry('second').getByRole('button', { name: 'Open Terminal' }).click();
    await workbench.waitForTerminals(2);
  });

  it('opens one from the editor’s own list of terminal profiles', async () => {
    await workbench.newTerminalOf('Cloud Sandbox');
    await workbench.pickEntry('second').waitFor();
    await workbench.screenshot('terminal-profile');
    await workbench.pick('second');
    await workbench.waitForTerminals(3);
    await workbench.waitForTerminal(prompt);
    await workbench.typeInTerminal('echo sum=$((6*7)) ${SSH_CONNECTION:+by ssh}');
    await workbench.waitForTerminal(/sum=42 by ssh/);
  });

  it('says nothing where no sandbox is chosen from that list', async () => {
    await workbench.newTerminalOf('Cloud Sandbox');
    await workbench.pickEntry('second').waitFor();
    await workbench.page.keyboard.press('Escape');
    // What the editor says of it comes before what it says of this.
    await copiedCommand('second');
    await workbench.notification('Copied: ssh -F').waitFor();
    assert.equal(await workbench.notification('terminal profile').count(), 0);
  });

  it('has it in a second window at the same time, and tells the two apart', async () => {
    const other = await workbench.openWindow();
    await other.openView('Cloud Sandboxes');
    await other.contextMenu(other.row('second'), 'Open Terminal');
    await other.waitForTerminal(prompt);
    await other.expand(other.row('second'));
    await other.row('Terminal in another window').first().waitFor();
    await other.row('Terminal in this window').waitFor();
    await other.screenshot('second-window');
    await other.page.close();
  });

  it('is in the editor’s own menu for remote machines', async () => {
    await workbench.statusBarItem('status.host').click();
    await workbench.pickEntry('Open Sandbox').waitFor();
    await workbench.screenshot('remote-menu');
    await workbench.page.keyboard.press('Escape');
  });

  it('removes what ssh has of it, and says so; the user’s own lines stay as they are', async () => {
    const config = path.join(editor.sshDir, 'config');
    const folder = path.join(editor.sshDir, 'cloud-sandboxes');
    const ownLines = Buffer.from('# caf\xe9\r\nHost *\r\n\tServerAliveInterval 7', 'latin1');
    // As opening it as a folder leaves it, which an editor in a browser cannot do.
    const ourLine = `${includeLine(includePattern(folder, configEnding, sshHome()))}\n`;
    await fs.writeFile(config, Buffer.concat([Buffer.from(ourLine), ownLines]), { mode: 0o640 });

    await workbench.runCommand('Cloud Sandboxes: Remove SSH Configuration');
    const said = workbench.notification('Removed: SSH keys and entries of “second”');
    await said.getByText(`our line in ${config}`).waitFor();
    await said.getByText(`the folder ${folder}`).waitFor();
    await workbench.screenshot('removed-ssh-configuration');
    assert.deepEqual(await fs.readFile(config), ownLines);
    assert.equal((await fs.stat(config)).mode & 0o777, 0o640);
    assert.deepEqual(await fs.readdir(editor.sshDir), ['config']);
  });

  it('sets up anew what the next opening needs', async () => {
    const { stdout } = await run('/bin/sh', ['-c', `${await copiedCommand('second')} echo once more`]);
    assert.equal(stdout, 'once more\n');
  });
});
