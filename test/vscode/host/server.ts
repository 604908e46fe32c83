import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../helpers/eventually';
import type { VsCodeHost } from './install';

/** Of the user: quiet, and with terminals that draw text which can be read from the page. */
export const quietSettings: Readonly<Record<string, unknown>> = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.enablePersistentSessions': false,
};

/** Variables by which an editor around us would leak into the server. */
const foreignVariables = [
  'CODE_SERVER_PARENT_PID',
  'VSCODE_IPC_HOOK_CLI',
  'VSCODE_CWD',
  'ELECTRON_RUN_AS_NODE',
];

export interface ServerOptions {
  readonly host: VsCodeHost;
  /** Folder for all that it writes. */
  readonly dir: string;
  /** Extension to install, if any. */
  readonly vsix?: string;
  /** Called with the folder of that extension before it is first loaded. */
  readonly onInstalled?: (extension: string) => Promise<void>;
  /** Settings of the user, on top of quiet defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** More options of the server. */
  readonly flags?: readonly string[];
}

/** A VS Code server on a free port of the loopback interface. */
export class VsCodeServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly onExit: () => void,
    readonly url: string,
  ) {}

  static async start(options: ServerOptions): Promise<VsCodeServer> {
    const { host, dir, vsix, onInstalled, settings = {}, flags = [] } = options;
    const env = serverEnvironment(options);
    await fs.mkdir(path.join(dir, 'data', 'User'), { recursive: true });
    await fs.writeFile(
      path.join(dir, 'data', 'User', 'settings.json'),
      JSON.stringify({ ...quietSettings, ...settings }),
    );
    if (vsix !== undefined) {
      const extension = await installExtension(host, dir, vsix);
      await onInstalled?.(extension);
    }
    const logFile = path.join(dir, 'server.log');
    const log = openSync(logFile, 'w');
    const child = spawn(host.node, [host.serverMain, ...foldersIn(dir), ...serverFlags, ...flags], {
      detached: true,
      stdio: ['ignore', log, log],
      env,
    });
    closeSync(log);
    // Whatever ends the tests, the server's process group goes with them.
    const onExit = (): void => endGroup(child, 'SIGKILL');
    process.once('exit', onExit);
    const port = await readPort(logFile, child);
    return new VsCodeServer(child, onExit, `http://127.0.0.1:${port}/`);
  }

  /** Ends the server with its extension hosts and terminals. */
  async stop(): Promise<void> {
    const exited = this.child.exitCode !== null || once(this.child, 'exit');
    endGroup(this.child, 'SIGTERM');
    const killer = setTimeout(() => endGroup(this.child, 'SIGKILL'), 3_000);
    await exited;
    clearTimeout(killer);
    endGroup(this.child, 'SIGKILL');
    process.off('exit', this.onExit);
  }
}

/** Installs an extension into a folder that a server is yet to be started in. Resolves to the extension's folder. */
export async function installExtension(host: VsCodeHost, dir: string, vsix: string): Promise<string> {
  const install = ['--install-extension', vsix, '--accept-server-license-terms'];
  const options = { env: serverEnvironment({ dir, env: {} }), timeout: 60_000 };
  await promisify(execFile)(host.node, [host.serverMain, ...foldersIn(dir), ...install], options);
  const extensions = await fs.readdir(path.join(dir, 'extensions'), { withFileTypes: true });
  const installed = extensions.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  if (installed.length !== 1) throw new Error(`${installed.length} extensions are installed, not one`);
  return path.join(dir, 'extensions', installed[0]!.name);
}

function foldersIn(dir: string): string[] {
  return ['--server-data-dir', dir, '--extensions-dir', path.join(dir, 'extensions')];
}

const serverFlags = [
  ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token'],
  ...['--accept-server-license-terms', '--disable-telemetry', '--telemetry-level', 'off'],
  '--disable-experiments',
  '--disable-workspace-trust',
  // By default the extension host of a closed page lives on for three hours.
  ...['--reconnection-grace-time', '5'],
];

function serverEnvironment({ dir, env }: Pick<ServerOptions, 'dir' | 'env'>): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = { ...process.env, XDG_RUNTIME_DIR: dir, ...env };
  for (const name of foreignVariables) Reflect.deleteProperty(merged, name);
  return merged;
}

async function readPort(logFile: string, child: ChildProcess): Promise<number> {
  let port = 0;
  await eventually(async () => {
    const text = await fs.readFile(logFile, 'utf8');
    port = Number(/Extension host agent listening on (\d+)/.exec(text)?.[1] ?? 0);
    if (!port) throw new Error(`VS Code's server has not started (exit code ${child.exitCode}):\n${text}`);
  }, 30_000);
  return port;
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: it is gone, which is what is wanted.
  }
}
