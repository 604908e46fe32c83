import assert from 'node:assert/strict';
import { cpSync, renameSync } from 'node:fs';
import * as path from 'node:path';
import { LocalCloudServer } from '../../helpers/localCloud';
import { skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

describe('A local cloud whose extension was updated while it runs', function () {
  this.timeout(30_000);
  const dir = useTempDir();

  it('still has terminals', async function () {
    if (process.platform === 'darwin') skipFor(this, 'a terminal takes a program of the old folder there');
    const folder = path.join(dir.path, 'extension');
    for (const part of ['dist/localCloud.js', 'node_modules/@lydell']) {
      cpSync(path.resolve(part), path.join(folder, part), { recursive: true, dereference: true });
    }
    const server = await LocalCloudServer.start({
      command: [process.execPath, path.join(folder, 'dist/localCloud.js')],
      stateDir: path.join(dir.path, 'state'),
      args: ['--runtime', 'process'],
    });
    try {
      renameSync(folder, path.join(dir.path, 'obsolete'));
      const { api } = server;

      const { stdout } = await api.run(await api.create(), ['tty'], { tty: true });

      assert.match(stdout.toString(), /^\/dev\//);
    } finally {
      await server.stop();
    }
  });
});
