import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { requireTool, skipFor } from '../../helpers/require';
import { sharedPackage } from './extension';
import { hostObstacle, installHost, installTimeoutMs, type HostRelease } from './install';
import { endLocalCloud } from './localCloud';
import { VsCodeServer } from './server';
import { Workbench, type WorkbenchOptions } from './workbench';

export interface EditorOptions extends WorkbenchOptions {
  readonly release?: HostRelease;
  /** Settings of the user, on top of quiet defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the folder of our extension before it is first loaded. */
  readonly onInstalled?: (extension: string) => Promise<void>;
}

/** What a suite's tests share. */
export interface Editor {
  readonly workbench: Workbench;
  /** Stands for the user's ~/.ssh. */
  readonly sshDir: string;
  /** Where the local cloud keeps its state. */
  readonly cloudDir: string;
  /** Folder of this suite's own, removed at its end. */
  readonly dir: string;
}

/**
 * A VS Code with an empty profile and the extension in it, as it is shipped, for all tests of the suite it is called
 * in. Each test goes on from the one before, as a person would, so that none runs after one that failed.
 */
export function useEditor(options: EditorOptions = {}): Editor {
  let opened: Editor | undefined;
  let failed = false;
  const cleanUps: (() => Promise<void>)[] = [];

  before(async function () {
    this.timeout(installTimeoutMs);
    requireTool(this, 'ssh');
    const obstacle = hostObstacle();
    if (obstacle !== undefined) skipFor(this, obstacle);
    opened = await open(options, cleanUps);
  });

  beforeEach(() => assert.ok(!failed, 'an earlier step failed'));

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || failed) return;
    failed = true;
    const { title, err } = this.currentTest;
    await opened?.workbench.screenshot(`failed ${title}`);
    if (opened && err)
      err.stack = `In the window:\n${await opened.workbench.visibleText()}\n${err.stack ?? ''}`;
  });

  after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  const current = (): Editor => {
    if (!opened) throw new Error('The editor is open in tests only');
    return opened;
  };
  return {
    get workbench() {
      return current().workbench;
    },
    get sshDir() {
      return current().sshDir;
    },
    get cloudDir() {
      return current().cloudDir;
    },
    get dir() {
      return current().dir;
    },
  };
}

async function open(options: EditorOptions, cleanUps: (() => Promise<void>)[]): Promise<Editor> {
  // Short: sockets are in it.
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'sbxui-'));
  // The editor's last words may still be on their way to its folder.
  cleanUps.push(() => fs.rm(dir, { recursive: true, force: true, maxRetries: 10 }));
  const host = await installHost(options.release);
  const home = path.join(dir, 'home');
  const sshDir = path.join(dir, 'ssh');
  const cloudDir = path.join(home, 'local-cloud');
  cleanUps.push(() => endLocalCloud(cloudDir));
  const server = await VsCodeServer.start({
    host,
    dir: path.join(dir, 'vscode'),
    vsix: await sharedPackage(),
    ...(options.onInstalled && { onInstalled: options.onInstalled }),
    settings: options.settings ?? {},
    env: { CLOUD_SANDBOXES_HOME: home, CLOUD_SANDBOXES_SSH_DIR: sshDir, ...options.env },
  });
  cleanUps.push(() => server.stop());
  const workbench = await Workbench.open(host.chromium, server.url, options);
  cleanUps.push(() => workbench.close());
  return { workbench, sshDir, cloudDir, dir };
}
