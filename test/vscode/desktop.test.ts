import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import * as path from 'node:path';
import { sshHome } from '../../src/base/paths';
import { configEnding } from '../../src/sshConfig/hostFiles';
import { includeLine } from '../../src/sshConfig/include';
import { includePattern } from '../../src/sshConfig/quoting';
import { BoxliteStandIn } from '../clouds/boxlite/server';
import { eventually } from '../helpers/eventually';
import { addCloud } from './host/addCloud';
import { createSandbox, openCreateForm } from './host/createSandbox';
import { Desktop, type EditorRequest } from './host/desktop';
import { localCloudApi } from './host/localCloud';
import { connectAsEditor, onlyAlias, openInSandbox } from './host/sandboxWindow';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

/** What the user has set, and has in their SSH configuration, before anything of ours. */
const ownSettings = {
  'remote.SSH.remotePlatform': { 'own.example.com': 'macOS' },
  'remote.SSH.connectTimeout': 30,
};
const ownLines = 'Host own\n  HostName own.example.com\n';

const question = 'Let Cloud Sandboxes prepare Remote-SSH for sandboxes?';
const folderQuestion = 'Folder in the sandbox to open';

describe('Opening sandboxes as folders in a real VS Code, as on a desktop', function () {
  this.timeout(90_000);

  const desktop = new Desktop();
  const editor = useEditor({
    settings: ownSettings,
    onInstalled: (extension) => desktop.takeOver(extension),
  });
  /** Of a cloud that runs no command, so that nobody knows its folders, and that may take its time to start. */
  let isStuck = false;
  const intercept = ({ method, url = '' }: IncomingMessage, response: ServerResponse): boolean => {
    if (url.endsWith('/exec')) response.writeHead(409).end();
    return url.endsWith('/exec') || (isStuck && method === 'POST' && url.endsWith('/start'));
  };
  const cloud = new BoxliteStandIn({ token: 'token', binaryOutput: true, intercept });
  let workbench: Workbench;
  /** Serves a window that is open in the sandbox. */
  let ssh: ChildProcess | undefined;
  let forwarded: Socket | undefined;

  before(async () => {
    ({ workbench } = editor);
    await fs.mkdir(editor.sshDir, { mode: 0o700 });
    await fs.writeFile(configFile(), ownLines);
    await cloud.start();
    cloud.addBox({ name: 'slow', status: 'stopped' });
  });
  after(async () => {
    forwarded?.destroy();
    ssh?.kill();
    await cloud.stop();
  });

  const configFile = (): string => path.join(editor.sshDir, 'config');

  const ourLine = (): string =>
    includeLine(includePattern(path.join(editor.sshDir, 'cloud-sandboxes'), configEnding, sshHome()));

  async function settings(): Promise<Readonly<Record<string, unknown>>> {
    const file = path.join(editor.dir, 'vscode', 'data', 'User', 'settings.json');
    const all = JSON.parse(await fs.readFile(file, 'utf8')) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('remote.SSH.')));
  }

  const uriOf = (alias: string, folder: string): string => `vscode-remote://ssh-remote+${alias}${folder}`;

  /** Does what asks the editor for one thing that it cannot do here, and resolves to that. */
  async function requestBy(work: () => Promise<void>): Promise<EditorRequest> {
    const before = await desktop.requests();
    await work();
    return eventually(async () => {
      const [request, ...more] = (await desktop.requests()).slice(before.length);
      assert.ok(request);
      assert.deepEqual(more, []);
      return request;
    });
  }

  /** Does what must not ask the editor for anything of the kind. */
  async function nothingBy(work: () => Promise<void>): Promise<void> {
    const before = await desktop.requests();
    await work();
    assert.deepEqual(await desktop.requests(), before);
  }

  /** Where the only sandbox of the local cloud starts its commands. */
  async function workingFolder(): Promise<string> {
    const api = await localCloudApi(editor.cloudDir);
    const [box] = (await api.call('GET', '/boxes')).body.boxes;
    return api.sh(box!.box_id, 'pwd');
  }

  async function answerQuestion(button: string): Promise<void> {
    await workbench.dialog().getByRole('button', { name: button, exact: true }).click();
    await workbench.dialog().waitFor({ state: 'detached' });
  }

  const openByMenu = (name: string, entry = 'Open Sandbox'): Promise<void> =>
    workbench.contextMenu(workbench.row(name), entry);

  it('says that a Remote-SSH is missing, before anything needs it', async () => {
    await workbench.openView('Cloud Sandboxes');
    await workbench.page.getByText('this editor needs its Remote-SSH extension').waitFor();
    await workbench.page.getByRole('button', { name: 'Install Remote-SSH' }).waitFor();
    await workbench.screenshot('desktop-welcome');
  });

  it('offers to install it where it is needed', async () => {
    await workbench.clickInSideBar('Start Local Cloud');
    await openCreateForm(workbench);
    await createSandbox(workbench, 'web');
    await workbench.notification('needs a Remote-SSH extension, and none is installed').waitFor();
    await workbench.screenshot('desktop-no-remote-ssh');
  });

  it('says so where it cannot be installed, and can be tried again', async () => {
    await workbench.clickNotification('needs a Remote-SSH extension', 'Install “Remote - SSH”');
    await workbench.notification('Cannot open “web”').waitFor();
    await workbench.screenshot('desktop-install-failed');
    await desktop.publishRemoteSsh();
    await workbench.clickNotification('Cannot open “web”', 'Retry');
    await workbench.notification('needs a Remote-SSH extension').waitFor();
  });

  it('installs the one that belongs to the editor, and shows what opening would change', async () => {
    const request = await requestBy(() =>
      workbench.clickNotification('needs a Remote-SSH extension', 'Install “Remote - SSH”'),
    );
    assert.deepEqual(request, ['workbench.extensions.installExtension', 'ms-vscode-remote.remote-ssh']);

    await workbench.dialog().getByText(question).waitFor();
    for (const change of [
      `In ${configFile()}: one Include line at the very top`,
      'remote.SSH.remotePlatform gets an entry “linux” for each sandbox that you open',
      'remote.SSH.connectTimeout becomes “240”, for all SSH hosts',
    ]) {
      await workbench.dialog().getByText(change).waitFor();
    }
    await workbench.screenshot('desktop-consent');
  });

  it('changes and opens nothing when that is declined', async () => {
    await nothingBy(() => answerQuestion('Cancel'));

    assert.deepEqual(await fs.readdir(editor.sshDir), ['config']);
    assert.equal(await fs.readFile(configFile(), 'utf8'), ownLines);
    assert.deepEqual(await settings(), ownSettings);
  });

  it('has done the walkthrough’s steps of what it has by the time it first opens that', async () => {
    await addCloud(workbench, cloud.url, 'token');
    await workbench.row('slow', 'stopped').waitFor();
    const other = await workbench.openWindow();
    await other.openView('Cloud Sandboxes');
    await other.row('web').waitFor();
    const isDone = async (title: string): Promise<void> => {
      await other.runCommand('Cloud Sandboxes: Get Started');
      const step = other.page.locator('.getting-started-step').filter({ hasText: title });
      await step.getByRole('checkbox', { checked: true }).waitFor();
    };
    await isDone('Have Remote-SSH');
    await other.runCommand('File: New Untitled Text File');
    await isDone('Sign in to your cloud');
    await other.screenshot('desktop-walkthrough');
    await other.page.close();
  });

  it('opens the folder where the sandbox starts its commands, once that is allowed', async () => {
    await openByMenu('web');
    await workbench.dialog().getByText(question).waitFor();
    const request = await requestBy(() => answerQuestion('Allow'));

    const uri = uriOf(await onlyAlias(editor), await workingFolder());
    assert.deepEqual(request, ['vscode.openFolder', uri, { forceReuseWindow: true }]);
    assert.equal(await workbench.notification('may keep the sandbox from opening').count(), 0);
  });

  it('has changed what it said by then, and nothing else', async () => {
    assert.equal(await fs.readFile(configFile(), 'utf8'), `${ourLine()}\n${ownLines}`);
    assert.deepEqual(await settings(), {
      'remote.SSH.remotePlatform': {
        ...ownSettings['remote.SSH.remotePlatform'],
        [await onlyAlias(editor)]: 'linux',
      },
      'remote.SSH.connectTimeout': 240,
    });
  });

  it('opens it in a new window from the list of all, and asks nothing more', async () => {
    await workbench.runCommand('Cloud Sandboxes: Open Sandbox');
    const entry = workbench.pickEntry('web');
    await entry.hover();
    await workbench.screenshot('desktop-open-sandbox');
    const request = await requestBy(() => entry.getByRole('button', { name: 'Open in New Window' }).click());

    const uri = uriOf(await onlyAlias(editor), await workingFolder());
    assert.deepEqual(request, ['vscode.openFolder', uri, { forceNewWindow: true }]);
  });

  it('prefers the folder that was open in it last', async () => {
    await openInSandbox(editor, 'sandbox');
    await workbench.openView('Cloud Sandboxes');
    const request = await requestBy(() => openByMenu('web'));

    assert.deepEqual(request, [
      'vscode.openFolder',
      uriOf(await onlyAlias(editor), '/tmp'),
      { forceReuseWindow: true },
    ]);
  });

  it('opens the folder that a link names, not in place of what is open', async () => {
    const link = await workbench.copiedBy(() => openByMenu('web', 'Copy Link'));
    const request = await requestBy(() => workbench.openLink(`${link}&folder=/usr`));

    assert.deepEqual(request, [
      'vscode.openFolder',
      uriOf(await onlyAlias(editor), '/usr'),
      { forceNewWindow: true },
    ]);
  });

  it('opens a second window without a folder, since the editor shows one in one window only', async () => {
    const socket = path.join(editor.dir, 'forward');
    const { port } = new URL(workbench.page.url());
    ssh = await connectAsEditor(editor, ['-L', `${socket}:127.0.0.1:${port}`]);
    forwarded = await eventually(() => connected(socket));
    await workbench.expand(workbench.row('web', 'running, connected'));
    await workbench.row('Editor window').waitFor();
    await workbench.screenshot('desktop-second-window');
    const request = await requestBy(() => openByMenu('web', 'Open in New Window'));

    const remoteAuthority = `ssh-remote+${await onlyAlias(editor)}`;
    assert.deepEqual(request, ['vscode.newWindow', { remoteAuthority, reuseWindow: false }]);
  });

  it('starts what is stopped, and opens nothing when that is cancelled', async () => {
    isStuck = true;
    await openByMenu('slow');
    await workbench.notification('Opening “slow”').getByText('starting it').waitFor();
    await workbench.row('slow', 'starting').waitFor();
    await workbench.screenshot('desktop-starting');
    await nothingBy(async () => {
      await workbench.clickNotification('Opening “slow”', 'Cancel');
      await workbench.row('slow', 'stopped').waitFor();
      await workbench.notification('Opening “slow”').waitFor({ state: 'detached' });
    });
    assert.equal(await workbench.notification('Cannot open').count(), 0);
    isStuck = false;
  });

  it('asks for the folder where nobody knows one', async () => {
    await openByMenu('slow');
    await workbench.page.getByText(folderQuestion).waitFor();
    await workbench.row('slow', 'running').waitFor();
    const box = workbench.page.locator('.quick-input-widget input');
    assert.equal(await box.inputValue(), '/tmp');
    await box.fill('srv');
    await workbench.page.getByText('Type the full path of a folder').waitFor();
    await workbench.screenshot('desktop-folder');
    await nothingBy(async () => {
      await workbench.page.keyboard.press('Escape');
      await workbench.page.getByText(folderQuestion).waitFor({ state: 'hidden' });
    });
  });

  it('opens the folder that was typed', async () => {
    await openByMenu('slow');
    const [command, uri] = await requestBy(() => workbench.answer(folderQuestion, '/srv/app'));

    assert.equal(command, 'vscode.openFolder');
    assert.match(String(uri), /^vscode-remote:\/\/ssh-remote\+slow-[a-z0-9]+\.vscode\.sbx\/srv\/app$/);
  });

  it('removes it all, and says what is as it was', async () => {
    await workbench.runCommand('Cloud Sandboxes: Remove SSH Configuration');
    const said = workbench.notification('Removed: SSH keys and entries of');
    for (const part of [
      'their entries in remote.SSH.remotePlatform',
      `our line in ${configFile()}`,
      'As before: remote.SSH.connectTimeout is 30',
    ]) {
      await said.getByText(part).waitFor();
    }
    await workbench.screenshot('desktop-removed');

    assert.deepEqual(await settings(), ownSettings);
    assert.deepEqual(await fs.readdir(editor.sshDir), ['config']);
    assert.equal(await fs.readFile(configFile(), 'utf8'), ownLines);
  });

  it('asks again after that, and can do without the settings', async () => {
    await openByMenu('web');
    await workbench.dialog().getByText(question).waitFor();
    const [command] = await requestBy(() => answerQuestion('Without the Settings'));

    assert.equal(command, 'vscode.openFolder');
    assert.equal(await fs.readFile(configFile(), 'utf8'), `${ourLine()}\n${ownLines}`);
    assert.deepEqual(await settings(), ownSettings);
  });
});

/** A connection to a Unix socket that is there. */
async function connected(socket: string): Promise<Socket> {
  const connection = connect(socket);
  await once(connection, 'connect');
  return connection;
}
