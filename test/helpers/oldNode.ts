/** The oldest Node that the agent is for, from npm, installed once into the folder that git ignores. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION = '18.0.0';
const INSTALL_MS = 5 * 60_000;

/** Why there is none here; undefined if {@link installOldNode} can be expected to work. */
export function oldNodeObstacle(): string | undefined {
  const isHere = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  return isHere ? undefined : `npm has no Node ${VERSION} for ${process.platform} on ${process.arch}`;
}

/** The path of its program. */
export async function installOldNode(): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const dir = path.resolve('.vscode-test', `node-${VERSION}`);
  const node = path.join(dir, 'node_modules', name, 'bin', 'node');
  const stamp = path.join(dir, 'complete');
  if (existsSync(stamp)) return node;
  await fs.rm(dir, { recursive: true, force: true });
  await fs.mkdir(dir, { recursive: true });
  await fs.writeFile(path.join(dir, 'package.json'), '{"private":true}');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--force', '--loglevel=error'];
  await run('npm', ['install', ...quiet, `${name}@${VERSION}`], { cwd: dir, timeout: INSTALL_MS });
  await fs.writeFile(stamp, '');
  return node;
}
