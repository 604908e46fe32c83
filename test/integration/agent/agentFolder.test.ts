import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { AgentFolder } from '../../../src/agent/agentFolder';
import { useTempDir } from '../../helpers/tempDir';

describe('the folder of an agent', () => {
  const temp = useTempDir();

  it('can look as if all in it was just used, since systems clear folders of what was not for days', async () => {
    const folder = await AgentFolder.open(path.join(temp.path, 'agent'));
    await folder.writeRecord({ pid: 1, version: 'v', ports: [], startedAt: '' });
    const files = ['agent.json', 'secrets/key'].map((name) => path.join(folder.path, name));
    for (const file of files) {
      fs.appendFileSync(file, '\n');
      fs.utimesSync(file, 0, 0);
    }

    await folder.refresh();

    for (const file of files) {
      const { atimeMs, mtimeMs } = fs.statSync(file);
      assert.ok(Math.min(atimeMs, mtimeMs) > Date.now() - 60_000, file);
    }
  });
});
