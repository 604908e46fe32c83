import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import * as path from 'node:path';
import { pathsOf } from '../base/paths';

/** Command-line names of desktop editors that can load the extension, in order of preference. */
const EDITORS = [
  'code',
  'code-insiders',
  'codium',
  'vscodium',
  'cursor',
  'windsurf',
  'antigravity',
  'kiro',
  'positron',
];

/** The first editor on PATH, or undefined if there is none or no desktop to open it on. */
export async function findEditor(
  env: NodeJS.ProcessEnv,
  platform = process.platform,
): Promise<string | undefined> {
  if (!hasDesktop(env, platform)) return undefined;
  const extensions = platform === 'win32' ? ['.cmd', '.exe'] : [''];
  const { delimiter } = pathsOf(platform);
  for (const name of EDITORS) {
    for (const dir of (env['PATH'] ?? '').split(delimiter)) {
      for (const extension of extensions) {
        const file = path.join(dir, name + extension);
        if (dir && (await isExecutable(file))) return file;
      }
    }
  }
  return undefined;
}

function hasDesktop(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  // A login over SSH may find the editor's command-line tool but nowhere to show a window.
  if (platform !== 'linux') return !env['SSH_CONNECTION'];
  return Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY']);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What is spawned. */
export interface EditorCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Whether the program is a script for the shell of Windows, to which the words are given quoted. */
  readonly shell: boolean;
}

/** How an editor is told to open a window with the extension loaded from its source folder. */
export function editorCommand(editor: string, extensionDir: string): EditorCommand {
  // A `.cmd` needs a shell, which is given all words as one text. Names of files have no quotes there.
  const shell = editor.endsWith('.cmd');
  const quoted = (word: string): string => (shell ? `"${word}"` : word);
  return {
    program: quoted(editor),
    arguments: ['--new-window', quoted(`--extensionDevelopmentPath=${extensionDir}`)],
    shell,
  };
}

/** Opens that window; resolves with the editor's exit code. */
export function openEditor(editor: string, extensionDir: string): Promise<number> {
  const { program, arguments: words, shell } = editorCommand(editor, extensionDir);
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 2, 2], shell });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
