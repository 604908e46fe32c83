/** A whole window of VS Code whose server is elsewhere. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { performance } from 'node:perf_hooks';
import { freePort } from '../../helpers/forwards';
import type { VsCodeHost } from '../../vscode/host/install';
import { VsCodeServer } from '../../vscode/host/server';
import { launchBrowser, type WorkbenchOptions } from '../../vscode/host/workbench';
import type { Figures } from '../bench';
import type { Lab } from '../lab';
import type { SshTarget } from '../target';
import { requireHost } from './host';

/** In the folder that windows open. */
const FILE = 'README.md';
const LIMIT_MS = 60_000;

/** VS Code's server on the loopback interface that a sandbox of plain processes shares. */
export class WorkbenchServer {
  private constructor(
    private readonly host: VsCodeHost,
    private readonly url: string,
  ) {}

  static async start(lab: Lab): Promise<WorkbenchServer> {
    const host = await requireHost();
    const dir = lab.folder();
    const project = path.join(dir, 'project');
    await fs.mkdir(project);
    await fs.writeFile(path.join(project, FILE), '# A project\n');
    const server = await VsCodeServer.start({ host, dir: path.join(dir, 'vscode'), env: {} });
    lab.cleanUps.add(() => server.stop());
    const url = new URL(server.url);
    url.searchParams.set('folder', project);
    return new WorkbenchServer(host, url.href);
  }

  async direct(): Promise<Figures> {
    return { 'workbench.direct': await this.#open({}) };
  }

  /** As Remote-SSH does: a SOCKS proxy of ssh's is the way to the server. */
  async through(target: SshTarget): Promise<Figures> {
    const proxy = `127.0.0.1:${await freePort()}`;
    const session = await target.open('-D', proxy);
    try {
      return { 'workbench.bridge': await this.#open({ socksProxy: proxy }) };
    } finally {
      await session.close();
    }
  }

  /** Milliseconds from the address to the folder's file in the explorer, with nothing in the browser's cache. */
  async #open(options: WorkbenchOptions): Promise<number> {
    const browser = await launchBrowser(this.host.chromium, options);
    try {
      const page = await browser.newPage();
      const begin = performance.now();
      await page.goto(this.url);
      const row = page.locator('.explorer-folders-view .monaco-list-row', { hasText: FILE });
      await row.waitFor({ timeout: LIMIT_MS });
      return performance.now() - begin;
    } finally {
      await browser.close();
    }
  }
}
