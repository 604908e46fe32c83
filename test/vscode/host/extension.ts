import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The program that packages extensions; run by Node. */
export const vsce = path.resolve('node_modules', '@vscode', 'vsce', 'vsce');

/** Packages the extension as it is shipped, which builds it first. Resolves to the package's path. */
export async function packageExtension(dir: string): Promise<string> {
  const vsix = path.join(dir, 'cloud-sandboxes.vsix');
  await mkdir(dir, { recursive: true });
  await run(process.execPath, [vsce, 'package', '--out', vsix]);
  return vsix;
}

let shared: Promise<string> | undefined;

/** The package for all tests of this process, made when it is first asked for. */
export function sharedPackage(): Promise<string> {
  shared ??= (() => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'sbxvsix-'));
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
    return packageExtension(dir);
  })();
  return shared;
}
