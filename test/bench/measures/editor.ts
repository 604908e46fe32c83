/** The extension in a real VS Code. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { performance } from 'node:perf_hooks';
import { statePaths, writeServerRecord } from '../../../src/localCloud/record';
import { BoxliteStandIn } from '../../clouds/boxlite/server';
import { eventually } from '../../helpers/eventually';
import type { VsCodeHost } from '../../vscode/host/install';
import { VsCodeServer } from '../../vscode/host/server';
import { Workbench } from '../../vscode/host/workbench';
import type { Figures } from '../bench';
import type { Lab } from '../lab';
import { requireHost } from './host';

const TOKEN = 'bench';

/** A VS Code whose local cloud is a stand-in with any number of sandboxes. */
export class Editor {
  private constructor(
    private readonly host: VsCodeHost,
    private readonly server: VsCodeServer,
    private readonly cloud: BoxliteStandIn,
  ) {}

  static async start(lab: Lab): Promise<Editor> {
    const host = await requireHost();
    const dir = lab.folder();
    const home = path.join(dir, 'home');
    const cloud = await new BoxliteStandIn({ token: TOKEN }).start();
    lab.cleanUps.add(() => cloud.stop());
    await announce(cloud, path.join(home, 'local-cloud'));
    const server = await VsCodeServer.start({
      host,
      dir: path.join(dir, 'vscode'),
      vsix: await lab.vsix(),
      env: { CLOUD_SANDBOXES_HOME: home, CLOUD_SANDBOXES_SSH_DIR: path.join(dir, 'ssh') },
    });
    lab.cleanUps.add(() => server.stop());
    return new Editor(host, server, cloud);
  }

  /** Milliseconds that a new window's extension host took for the extension, by its own account. */
  async activation(): Promise<Figures> {
    const { workbench, activationMs } = await this.#openWindow();
    await workbench.close();
    return { activation: activationMs };
  }

  /** Milliseconds from the click on the side bar's icon until a new window shows the first of so many sandboxes. */
  async list(count: number): Promise<Figures> {
    this.cloud.boxes.length = 0;
    for (let index = 1; index <= count; index++) this.cloud.addBox({ name: `box ${index}` });
    const { workbench } = await this.#openWindow();
    try {
      const begin = performance.now();
      await workbench.openView('Cloud Sandboxes');
      await workbench.row('box 1', 'running').first().waitFor();
      return { [`list.${count}`]: performance.now() - begin };
    } finally {
      await workbench.close();
    }
  }

  /** A window like one that was never opened before, with the extension active. */
  async #openWindow(): Promise<{ readonly workbench: Workbench; readonly activationMs: number }> {
    const workbench = await Workbench.open(this.host.chromium, this.server.url);
    try {
      return { workbench, activationMs: await activationTime(workbench) };
    } catch (error) {
      await workbench.close();
      throw error;
    }
  }
}

/** Waits until the extension is active. Resolves to the milliseconds that this took, as VS Code shows them. */
async function activationTime(workbench: Workbench): Promise<number> {
  await workbench.runCommand('Developer: Show Running Extensions');
  const row = workbench.page.locator('.runtime-extensions-editor .monaco-list-row', {
    hasText: 'Cloud Sandboxes',
  });
  const time = await eventually(async () => {
    const text = (await row.locator('.activation-time').textContent()) ?? '';
    const [, ms] = /(\d+)ms/.exec(text) ?? [];
    if (ms === undefined) throw new Error(`VS Code shows no activation time: ${text}`);
    return Number(ms);
  }, 30_000);
  // It lies over the window.
  await workbench.page.keyboard.press('Escape');
  await row.waitFor({ state: 'detached' });
  return time;
}

/** Lets the extension find this cloud as the one on this computer. */
async function announce(cloud: BoxliteStandIn, stateDir: string): Promise<void> {
  const paths = statePaths(stateDir);
  await fs.mkdir(paths.dir, { recursive: true, mode: 0o700 });
  await fs.writeFile(paths.token, TOKEN, { mode: 0o600 });
  await writeServerRecord(paths, {
    url: cloud.url,
    pid: process.pid,
    tokenFile: paths.token,
    runtime: 'process',
  });
}
