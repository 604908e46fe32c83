import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { ensurePrivateDir, readIfExists, removeTree, writeFileAtomic } from '../../../src/base/files';
import { asOrdinaryUser } from '../../helpers/ordinaryUser';
import { skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

describe('ensurePrivateDir', () => {
  const dir = useTempDir();

  it('creates a folder and its parents for this user alone', async () => {
    const wanted = path.join(dir.path, 'a', 'b');

    await ensurePrivateDir(wanted);

    assert.equal((await fs.stat(wanted)).mode & 0o777, 0o700);
    assert.equal((await fs.stat(path.dirname(wanted))).mode & 0o777, 0o700);
  });

  it('takes others’ rights to one that is there', async () => {
    await fs.chmod(dir.path, 0o755);

    await ensurePrivateDir(dir.path);

    assert.equal((await fs.stat(dir.path)).mode & 0o777, 0o700);
  });

  it('refuses a file in its place', async () => {
    const file = path.join(dir.path, 'file');
    await fs.writeFile(file, '');

    await assert.rejects(ensurePrivateDir(file), { code: 'unsafe' });
  });

  it('refuses a link, which somebody else may point elsewhere', async () => {
    const link = path.join(dir.path, 'link');
    await fs.symlink(dir.path, link);

    await assert.rejects(ensurePrivateDir(link), { code: 'unsafe' });
  });

  it('gives up where no folder can be made', async function () {
    if (process.platform !== 'linux') skipFor(this, 'there is no /proc');

    await assert.rejects(ensurePrivateDir('/proc/no/such'), {
      code: 'unwritable',
      message: /\/proc\/no\/such/,
    });
  });
});

describe('writeFileAtomic', () => {
  const dir = useTempDir();

  it('follows a link and keeps it', async () => {
    const target = path.join(dir.path, 'target');
    const link = path.join(dir.path, 'link');
    await fs.writeFile(target, 'old');
    await fs.symlink(target, link);

    await writeFileAtomic(link, 'new');

    assert.equal(await fs.readFile(target, 'utf8'), 'new');
    assert.ok((await fs.lstat(link)).isSymbolicLink());
  });

  it('leaves nothing behind when it fails', async () => {
    const folder = path.join(dir.path, 'folder');
    await fs.mkdir(folder);

    await assert.rejects(writeFileAtomic(folder, 'x'), { code: 'unwritable' });
    assert.deepEqual(await fs.readdir(dir.path), ['folder']);
  });
});

describe('removeTree', () => {
  const dir = useTempDir();

  it('does nothing where nothing is', async () => {
    await removeTree(path.join(dir.path, 'none'));
  });

  it('removes folders that their owner has protected from that, and follows no link out of them', async function () {
    if (process.platform === 'win32') skipFor(this, 'folders have no modes');
    const [tree, other] = [path.join(dir.path, 'tree'), path.join(dir.path, 'other')];
    const inner = path.join(tree, 'module', 'package');

    await asOrdinaryUser(dir.path, async () => {
      await fs.mkdir(inner, { recursive: true });
      await fs.mkdir(other, { mode: 0o555 });
      await fs.writeFile(path.join(inner, 'file'), '');
      await fs.symlink(other, path.join(tree, 'module', 'link'));
      for (const folder of [inner, path.dirname(inner), tree]) await fs.chmod(folder, 0o555);
      await removeTree(tree);
    });

    assert.deepEqual(await fs.readdir(dir.path), ['other']);
    assert.equal((await fs.stat(other)).mode & 0o777, 0o555);
  });
});

describe('readIfExists', () => {
  const dir = useTempDir();

  it('has nothing for a file that is not there', async () => {
    assert.equal(await readIfExists(path.join(dir.path, 'none')), undefined);
  });

  it('does not take another error for “not there”', async () => {
    await assert.rejects(readIfExists(dir.path), { code: 'unreadable' });
  });
});
