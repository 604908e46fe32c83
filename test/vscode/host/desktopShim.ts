#!/usr/bin/env -S node --import tsx
/**
 * Takes the command line by which a desktop VS Code runs the tests of an extension, and does the same in VS Code's
 * server with a headless browser. For `@vscode/test-electron`, where no desktop VS Code can be had. Its exit code is
 * 0 only if the tests' `run()` resolved.
 */
import { constants } from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { createDeferred } from '../../../src/base/async';
import { createDeadline } from '../../../src/base/deadline';
import { hostReleases, installHost, type HostRelease } from './install';
import { VsCodeServer } from './server';
import { launchBrowser } from './workbench';

/** Many times what the tests take. */
const limitMs = 5 * 60_000;

const { values } = parseArgs({
  strict: false,
  options: {
    extensionDevelopmentPath: { type: 'string' },
    extensionTestsPath: { type: 'string' },
    'user-data-dir': { type: 'string' },
  },
});

async function main(): Promise<number> {
  const host = await installHost(releaseFromEnvironment());
  const server = await VsCodeServer.start({
    host,
    dir: String(values['user-data-dir']),
    env: {},
    // Without it a workbench ignores what is said below about extensions and tests. It turns notifications off.
    flags: ['--enable-smoke-test-driver'],
  });
  const browser = await launchBrowser(host.chromium);
  try {
    const page = await browser.newPage();
    const limit = createDeadline(limitMs, () => new Error(`The tests did not end in ${limitMs / 1000} s`));
    const exitCode = createDeferred<number>();
    page.once('crash', () => exitCode.reject(new Error('The workbench crashed')));
    limit.signal.addEventListener('abort', () => exitCode.reject(limit.signal.reason));
    // The workbench calls it when the extension host that ran the tests has ended.
    await page.exposeFunction('codeAutomationExit', (code: number) => exitCode.resolve(code));
    await page.goto(workbenchUrl(server.url));
    return await exitCode.promise.finally(() => limit.dispose());
  } finally {
    await browser.close();
    await server.stop();
  }
}

function releaseFromEnvironment(): HostRelease {
  const name = process.env['TEST_VSCODE_RELEASE'] ?? '';
  if (!(name in hostReleases)) throw new Error(`"${name}" is no release that can be had`);
  return name as HostRelease;
}

function workbenchUrl(serverUrl: string): string {
  const url = new URL(serverUrl);
  const remote = (file: string): string => `vscode-remote://${url.host}${path.resolve(file)}`;
  const payload = [
    ['extensionDevelopmentPath', remote(String(values.extensionDevelopmentPath))],
    ['extensionTestsPath', remote(String(values.extensionTestsPath))],
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
  ];
  url.search = new URLSearchParams({ ew: 'true', payload: JSON.stringify(payload) }).toString();
  return url.href;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // By way of exit(), which ends the server.
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
