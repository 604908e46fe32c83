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
 * Has the extension believe that its editor is on a desktop. Windows that it asks for are written down in place of being
 * opened, which a browser cannot do. Remote-SSH is a stand-in with the real one's settings.
 */
export class Desktop {
  #folder: string | undefined;

  /** @param extension folder of the extension, which no editor has loaded yet */
  async takeOver(extension: string): Promise<void> {
    const folder = path.join(extension, 'dist');
    await fs.rename(path.join(folder, 'extension.js'), path.join(folder, 'shipped.js'));
    await fs.copyFile(path.join(inside, 'desktop', 'extension.cjs'), path.join(folder, 'extension.js'));
    this.#folder = folder;
  }

  /** From here on Remote-SSH can be installed. */
  async publishRemoteSsh(): Promise<void> {
    const quiet = ['--no-dependencies', '--allow-missing-repository', '--skip-license'];
    const command = [vsce, 'package', ...quiet, '--out', this.#file('remote-ssh.vsix')];
    await run(process.execPath, command, { cwd: path.join(inside, 'remoteSsh') });
  }

  /** All that was asked of the editor so far, in order. */
  async requests(): Promise<readonly EditorRequest[]> {
    const text = await fs.readFile(this.#file('requests.jsonl'), 'utf8').catch(emptyIfMissing);
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as EditorRequest);
  }

  #file(name: string): string {
    if (this.#folder === undefined) throw new Error('There is no extension yet');
    return path.join(this.#folder, name);
  }
}

function emptyIfMissing(error: unknown): string {
  if (errnoOf(error) === 'ENOENT') return '';
  throw error;
}
