import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { errnoOf } from '../../../src/base/errors';
import { vsce } from './extension';

const run = promisify(execFile);
const inside = path.resolve('test', 'vscode', 'inside');

/** A command of the editor's and its arguments; a URI is its text. */
export type EditorRequest = readonly [command: string, ...args: unknown[]];

/**
 * Has the extension believe that its editor is on a desktop. What a browser cannot do is written down in place of being
 * done: to open a window, and to find an extension in a marketplace. Remote-SSH is a stand-in with the real one's
 * settings.
 */
export class Desktop {
  #folder: string | undefined;

  /** @param extension folder of the extension, which no editor has loaded yet */
  async takeOver(extension: string): Promise<void> {
    const folder = path.join(extension, 'dist');
    await fs.rename(path.join(folder, 'extension.js'), path.join(folder, 'shipped.js'));
    await fs.copyFile(path.join(inside, 'desktop', 'extension.cjs'), path.join(folder, 'extension.js'));
    await packageRemoteSsh(path.join(folder, 'remote-ssh.vsix'));
    this.#folder = folder;
  }

  /** All that was asked of the editor so far, in order. */
  async requests(): Promise<readonly EditorRequest[]> {
    if (this.#folder === undefined) throw new Error('There is no extension yet');
    const text = await fs.readFile(path.join(this.#folder, 'requests.jsonl'), 'utf8').catch(emptyIfMissing);
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as EditorRequest);
  }
}

async function packageRemoteSsh(vsix: string): Promise<void> {
  const quiet = ['--no-dependencies', '--allow-missing-repository', '--skip-license'];
  const options = { cwd: path.join(inside, 'remoteSsh') };
  await run(process.execPath, [vsce, 'package', ...quiet, '--out', vsix], options);
}

function emptyIfMissing(error: unknown): string {
  if (errnoOf(error) === 'ENOENT') return '';
  throw error;
}
