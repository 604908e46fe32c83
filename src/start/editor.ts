import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import * as path from 'node:path';

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
export async function findEditor(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (!hasDesktop(env)) return undefined;
  const extensions = process.platform === 'win32' ? ['.cmd', '.exe'] : [''];
  for (const name of EDITORS) {
    for (const dir of (env['PATH'] ?? '').split(path.delimiter)) {
      for (const extension of extensions) {
        const file = path.join(dir, name + extension);
        if (dir && (await isExecutable(file))) return file;
      }
    }
  }
  return undefined;
}

function hasDesktop(env: NodeJS.ProcessEnv): boolean {
  // A login over SSH may find the editor's command-line tool but nowhere to show a window.
  if (process.platform !== 'linux') return !env['SSH_CONNECTION'];
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

/** Opens a window with the extension loaded from its source folder; resolves with the editor's exit code. */
export function openEditor(editor: string, extensionDir: string): Promise<number> {
  return new Promise((resolve, reject) => {
    // A `.cmd` needs a shell; the paths are ours, and quoted.
    const isScript = editor.endsWith('.cmd');
    const child = spawn(
      isScript ? `"${editor}"` : editor,
      ['--new-window', `--extensionDevelopmentPath=${extensionDir}`],
      {
        stdio: ['ignore', 2, 2],
        shell: isScript,
      },
    );
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
