import { build } from 'esbuild';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { runTests, runVSCodeCommand } from '@vscode/test-electron';
import type { TestResult } from '../inside';
import { hostReleases, installHost, type HostRelease } from './install';
import { installExtension } from './server';

export interface ExtensionTestsOptions {
  readonly release: HostRelease;
  /** A VS Code for the desktop is downloaded and run; else the one of {@link installHost}. */
  readonly desktop: boolean;
  /** The extension's package. */
  readonly vsix: string;
  /** Folder for all that is written. */
  readonly dir: string;
}

/** Runs the tests of test/vscode/inside in an extension host. Rejects if they do not run to their end. */
export async function runExtensionTests(options: ExtensionTestsOptions): Promise<TestResult[]> {
  const { dir, release } = options;
  const resultsFile = path.join(dir, 'results.json');
  const profile = path.join(dir, 'profile');
  const folders = [`--user-data-dir=${profile}`, `--extensions-dir=${path.join(profile, 'extensions')}`];
  const ended = runTests({
    ...(options.desktop ? await onDesktop(options, folders) : await inServer(options, profile)),
    extensionDevelopmentPath: path.resolve('test/vscode/inside/probe'),
    extensionTestsPath: await bundleTests(),
    extensionTestsEnv: {
      TEST_RESULTS: resultsFile,
      TEST_VSCODE_RELEASE: release,
      CLOUD_SANDBOXES_HOME: path.join(dir, 'home'),
      CLOUD_SANDBOXES_SSH_DIR: path.join(dir, 'ssh'),
    },
    launchArgs: folders,
  });
  // Tests that fail make it fail, too; what they say is in the results.
  const failure = await ended.then(
    () => undefined,
    (error: unknown) => error,
  );
  const results = await fs.readFile(resultsFile, 'utf8').catch(() => undefined);
  if (results === undefined) {
    throw new Error('The tests in the extension host did not run to their end', { cause: failure });
  }
  return JSON.parse(results) as TestResult[];
}

/** Installs the extension; resolves to which VS Code runs. */
async function onDesktop(
  { release, vsix }: ExtensionTestsOptions,
  folders: readonly string[],
): Promise<{ readonly version: string }> {
  const version = desktopVersion(release);
  await runVSCodeCommand([...folders, '--install-extension', vsix], { version });
  return { version };
}

async function inServer(
  { release, vsix }: ExtensionTestsOptions,
  profile: string,
): Promise<{ readonly vscodeExecutablePath: string }> {
  await installExtension(await installHost(release), profile, vsix);
  return { vscodeExecutablePath: path.resolve('test/vscode/host/desktopShim.ts') };
}

/** The newest that there is stands for the newest end. */
function desktopVersion(release: HostRelease): string {
  return release === 'oldest' ? `${hostReleases.oldest.vscode}.0` : 'stable';
}

/** Into a folder from which this checkout's packages are found. */
async function bundleTests(): Promise<string> {
  const outfile = path.resolve('.vscode-test', 'inside', 'index.js');
  await build({
    entryPoints: ['test/vscode/inside/index.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
    packages: 'external',
  });
  return outfile;
}
