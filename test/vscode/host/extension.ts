import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Builds and packages the extension as it is shipped. Resolves to the package's path. */
export async function packageExtension(dir: string): Promise<string> {
  const vsix = path.join(dir, 'cloud-sandboxes.vsix');
  await mkdir(dir, { recursive: true });
  await run(process.execPath, ['esbuild.mjs']);
  const vsce = path.resolve('node_modules', '@vscode', 'vsce', 'vsce');
  await run(process.execPath, [vsce, 'package', '--allow-missing-repository', '--out', vsix]);
  return vsix;
}
