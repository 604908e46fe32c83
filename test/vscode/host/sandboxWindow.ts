import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { eventually } from '../../helpers/eventually';
import type { Editor } from './useEditor';

/** Several times what a window takes to say which sandbox it is open in. */
const SHOWN_MS = 20_000;

/** The alias of the only sandbox that was opened. */
export async function onlyAlias({ sshDir }: Pick<Editor, 'sshDir'>): Promise<string> {
  const folder = path.join(sshDir, 'cloud-sandboxes');
  const knownHosts = (await fs.readdir(folder)).find((file) => file.endsWith('.known_hosts'));
  return (await fs.readFile(path.join(folder, knownHosts!), 'utf8')).split(' ')[0]!;
}

/**
 * Connects as Remote-SSH does, but for what comes after the connection. The ssh ends with its input.
 * @param options of ssh, such as a forward
 */
export async function connectAsEditor(
  { sshDir }: Pick<Editor, 'sshDir'>,
  options: readonly string[] = [],
): Promise<ChildProcess> {
  const folder = path.join(sshDir, 'cloud-sandboxes');
  const config = (await fs.readdir(folder)).find((file) => file.endsWith('.config'));
  const alias = await onlyAlias({ sshDir });
  return spawn('ssh', ['-F', path.join(folder, config!), ...options, alias, 'cat']);
}

/** Makes the window one that is open in the only sandbox that was opened; in a browser it does not see the files. */
export async function openInSandbox(editor: Editor, name: string): Promise<void> {
  const { workbench, dir } = editor;
  const file = path.join(dir, `${name}.code-workspace`);
  // Not vscode-remote: in a browser that is the server's own machine, whatever authority it has.
  const uri = `sandbox://ssh-remote+${await onlyAlias(editor)}/tmp`;
  await fs.writeFile(file, JSON.stringify({ folders: [{ uri }] }));
  const url = new URL(workbench.page.url());
  url.searchParams.set('workspace', file);
  await workbench.page.goto(url.href);
  const item = workbench.statusBarItem('cloud-sandboxes.cloud-sandboxes.connection');
  await eventually(async () => {
    try {
      await item.waitFor({ timeout: SHOWN_MS });
    } catch (error) {
      // Now and then the workbench opens the workspace without its folder, and stays so.
      await workbench.page.reload();
      throw error;
    }
  }, 3 * SHOWN_MS);
}
