import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { runLocalCloud } from '../../helpers/localCloud';
import { useTempDir } from '../../helpers/tempDir';

describe('Command line of the local cloud', () => {
  const dir = useTempDir();

  const misuses = [
    { what: 'no command', args: [], says: /No command/ },
    { what: 'an unknown command', args: ['dance'], says: /Unknown command "dance"/ },
    { what: 'an unknown option', args: ['serve', '--dance'], says: /--dance/ },
    { what: 'a stray argument', args: ['serve', 'more'], says: /"more"/ },
    { what: 'a port that is no number', args: ['serve', '--port', 'abc'], says: /--port .*"abc"/ },
    { what: 'a port out of range', args: ['serve', '--port', '65536'], says: /--port .*65535/ },
    { what: 'an unknown runtime', args: ['serve', '--runtime', 'vm'], says: /docker, bubblewrap or process/ },
    { what: 'an option without its value', args: ['serve', '--state'], says: /--state/ },
    { what: 'an empty folder', args: ['serve', '--state', ''], says: /--state needs a value/ },
  ];
  for (const { what, args, says } of misuses) {
    it(`refuses ${what}`, async () => {
      const { code, stdout, stderr } = await runLocalCloud(args);

      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
      assert.match(stderr, /Usage:/);
    });
  }

  it('explains itself', async () => {
    const { code, stdout } = await runLocalCloud(['--help']);

    assert.equal(code, 0);
    assert.match(stdout, /--idle-exit SECONDS/);
  });

  const serve = (...args: string[]) => runLocalCloud(['serve', '--state', dir.path, ...args]);

  it('says why a runtime does not work and what to do', async () => {
    const env = { ...process.env, DOCKER_HOST: `unix://${dir.path}/none.sock`, HOME: dir.path };

    const { code, stdout, stderr } = await runLocalCloud(
      ['serve', '--state', dir.path, '--runtime', 'docker'],
      env,
    );

    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /engine/);
  });

  it('says that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;

    const { code, stderr } = await serve('--runtime', 'process', '--port', String(port));
    other.close();

    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`port ${port}`));
  });

  it('refuses a token file that holds no token, and leaves it alone', async () => {
    const file = path.join(dir.path, 'notes.txt');
    writeFileSync(file, 'my notes\n');

    const { code, stderr } = await serve('--runtime', 'process', '--token-file', file);

    assert.equal(code, 1);
    assert.ok(stderr.includes(file), stderr);
  });
});
