import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { editorCommand, findEditor } from '../../../src/start/editor';
import { useTempDir } from '../../helpers/tempDir';

describe('findEditor', () => {
  const dir = useTempDir();
  const install = (...names: string[]): void => {
    for (const name of names) writeFileSync(path.join(dir.path, name), '', { mode: 0o755 });
  };

  it('finds the preferred one of several', async () => {
    install('cursor', 'code', 'codium');
    const env = { PATH: `/none:${dir.path}`, DISPLAY: ':0' };
    assert.equal(await findEditor(env, 'linux'), path.join(dir.path, 'code'));
  });

  it('finds the script of one on Windows, not what is for the shell of others', async () => {
    install('code', 'code.cmd');
    assert.equal(
      await findEditor({ PATH: `C:\\none;${dir.path}` }, 'win32'),
      path.join(dir.path, 'code.cmd'),
    );
  });

  const desktops = [
    { name: 'Linux with X', platform: 'linux', env: { DISPLAY: ':0' }, found: true },
    { name: 'Linux with Wayland', platform: 'linux', env: { WAYLAND_DISPLAY: 'wayland-0' }, found: true },
    { name: 'Linux without a display', platform: 'linux', env: {}, found: false },
    { name: 'a Mac', platform: 'darwin', env: {}, found: true },
    { name: 'a Mac, logged in over SSH', platform: 'darwin', env: { SSH_CONNECTION: 'x' }, found: false },
  ] as const;
  for (const { name, platform, env, found } of desktops) {
    it(`${found ? 'finds one' : 'finds none'} on ${name}`, async () => {
      install('code');
      assert.equal((await findEditor({ PATH: dir.path, ...env }, platform)) !== undefined, found);
    });
  }
});

describe('editorCommand', () => {
  it('passes paths as they are to a program', () => {
    assert.deepEqual(editorCommand('/opt/my code/code', '/home/j d/x'), {
      program: '/opt/my code/code',
      arguments: ['--new-window', '--extensionDevelopmentPath=/home/j d/x'],
      shell: false,
    });
  });

  it('quotes them for the shell that runs a script on Windows', () => {
    assert.deepEqual(editorCommand('C:\\Program Files\\VS Code\\bin\\code.cmd', 'C:\\Jo D\\x'), {
      program: '"C:\\Program Files\\VS Code\\bin\\code.cmd"',
      arguments: ['--new-window', '"--extensionDevelopmentPath=C:\\Jo D\\x"'],
      shell: true,
    });
  });
});
