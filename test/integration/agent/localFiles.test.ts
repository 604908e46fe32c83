import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { LocalFiles } from '../../../src/agent/localFiles/localFiles';
import type { DirectoryEntry, OpenMode } from '../../../src/sftp/remoteFiles';
import { useTempDir } from '../../helpers/tempDir';

const READ: OpenMode = {
  read: true,
  write: false,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
  permissions: 0o666,
};
const WRITE: OpenMode = { ...READ, write: true, create: true };
/** Not UTF-8. */
const ODD_NAME = '\xff\xfe odd\n';

describe('the files that an agent serves', () => {
  const dir = useTempDir();
  let files: LocalFiles;

  beforeEach(() => (files = new LocalFiles(dir.path)));

  const at = (name: string): string => path.join(dir.path, name);
  const write = (name: string, text = 'content'): void => fs.writeFileSync(at(name), text);
  const content = (name: string): string => fs.readFileSync(at(name), 'utf8');

  const list = async (folder: string): Promise<DirectoryEntry[]> => {
    const directory = await files.list(folder);
    const entries: DirectoryEntry[] = [];
    for (let more = await directory.next(); more.length > 0; more = await directory.next())
      entries.push(...more);
    return entries;
  };

  it('reads and writes by offset, in the order of the calls', async () => {
    const file = await files.open('file', WRITE);
    const work = [
      file.write(5, Buffer.from('world')),
      file.write(0, Buffer.from('hello')),
      file.read(3, 4),
    ] as const;

    assert.equal(String((await Promise.all(work))[2]), 'lowo');
    assert.equal((await file.read(10, 5)).length, 0);
    await file.close();
    assert.equal(content('file'), 'helloworld');
  });

  it('appends whatever the offset', async () => {
    write('file', 'begin ');
    const file = await files.open('file', { ...WRITE, append: true });
    await file.write(0, Buffer.from('end'));
    await file.close();

    assert.equal(content('file'), 'begin end');
  });

  it('goes on with an open file that is renamed and removed', async () => {
    write('file');
    const file = await files.open('file', READ);
    await files.rename('file', 'other');
    await files.remove('other');

    assert.equal(String(await file.read(0, 100)), 'content');
    await file.close();
  });

  it('takes names that are bytes', async () => {
    const file = await files.open(ODD_NAME, WRITE);
    await file.close();

    assert.ok((await list('.')).some(({ name }) => name === ODD_NAME));
    assert.equal(await files.realPath(ODD_NAME), `${dir.path}/${ODD_NAME}`);
    await files.remove(ODD_NAME);
    assert.deepEqual(fs.readdirSync(dir.path), []);
  });

  it('tells the end of a folder after its entries, also to who asks for more at once', async () => {
    write('file');
    const directory = await files.list('.');
    const told: number[] = [];

    await Promise.all(
      [1, 2, 3].map(async () => {
        told.push((await directory.next()).length);
      }),
    );

    assert.deepEqual(told, [3, 0, 0]);
  });

  it('lists a large folder in pieces, with attributes', async () => {
    for (let index = 0; index < 250; index++) write(`f${index}`, 'x'.repeat(index));

    const entries = await list('.');

    assert.equal(entries.length, 252);
    assert.equal(entries.find(({ name }) => name === 'f249')?.attributes.size, 249);
    assert.deepEqual(
      entries.slice(0, 2).map(({ name }) => name),
      ['.', '..'],
    );
  });

  it('does not wait for the other end of a named pipe', async () => {
    execFileSync('mkfifo', [at('pipe')]);

    await (await files.open('pipe', READ)).close();
  });

  it('reads a small file whole, and neither a larger one nor what is no file', async () => {
    write('file');
    execFileSync('mkfifo', [at('pipe')]);

    assert.equal(String(await files.readWhole('file', 7)), 'content');
    await assert.rejects(files.readWhole('file', 6), /too large/);
    await assert.rejects(files.readWhole('pipe', 7), /Not a file/);
  });

  describe('rename', () => {
    it('moves files, links and folders', async () => {
      write('file');
      fs.mkdirSync(at('folder'));
      fs.symlinkSync('nowhere', at('link'));

      for (const name of ['file', 'folder', 'link']) await files.rename(name, `${name}2`);

      assert.deepEqual(fs.readdirSync(dir.path).sort(), ['file2', 'folder2', 'link2']);
      assert.equal(fs.readlinkSync(at('link2')), 'nowhere');
    });

    it('destroys nothing at its target', async () => {
      write('file', 'one');
      write('taken', 'two');
      fs.mkdirSync(at('folder'));
      fs.mkdirSync(at('empty'));
      fs.symlinkSync('file', at('link'));

      for (const name of ['file', 'link'])
        await assert.rejects(files.rename(name, 'taken'), { code: 'failure', message: 'File exists' });
      await assert.rejects(files.rename('folder', 'empty'), { code: 'failure' });
      assert.deepEqual([content('file'), content('taken')], ['one', 'two']);
    });

    it('replaces when it is asked to', async () => {
      write('file', 'one');
      write('taken', 'two');

      await files.replace('file', 'taken');

      assert.equal(content('taken'), 'one');
    });
  });

  describe('attributes', () => {
    it('are changed by path and by open file', async () => {
      write('file');
      await files.setstat('file', { mode: 0o600, times: { accessed: 1000, modified: 2000 }, size: 3 });
      const file = await files.open('file', READ);
      await file.setstat({ mode: 0o640 });

      const { size, mode, times } = await file.stat();
      await file.close();

      // A change of size is a modification; it comes first.
      assert.deepEqual(
        { size, mode, times },
        { size: 3, mode: 0o100640, times: { accessed: 1000, modified: 2000 } },
      );
    });

    it('of a link are its own', async () => {
      write('file');
      fs.symlinkSync('file', at('link'));
      const before = await files.stat('file');
      await files.lsetstat('link', { times: { accessed: 1000, modified: 2000 } });

      assert.equal((await files.lstat('link')).times?.modified, 2000);
      assert.deepEqual(await files.stat('link'), before);
      await assert.rejects(files.lsetstat('link', { mode: 0o600 }), { code: 'unsupported' });
    });
  });

  it('knows links, file systems and real paths', async () => {
    write('file');
    await files.makeSymbolicLink('file', 'link');
    await files.makeHardLink('file', 'hard');
    await files.makeDirectory('folder', 0o700);

    assert.equal(await files.readLink('link'), 'file');
    assert.equal(await files.realPath('folder/../link'), at('file'));
    assert.equal(await files.realPath('folder/new'), at('folder/new'));
    assert.equal(fs.statSync(at('hard')).nlink, 2);
    assert.ok((await files.statvfs('.')).blocks > 0);
    await files.removeDirectory('folder');
  });

  it('tells errors apart', async () => {
    write('file');

    await assert.rejects(files.stat('missing'), {
      code: 'no-such-file',
      message: 'no such file or directory',
    });
    await assert.rejects(files.stat('file/below'), { code: 'no-such-file' });
    await assert.rejects(files.stat('a\0b'), { code: 'no-such-file' });
    await assert.rejects(files.open('file', { ...WRITE, exclusive: true }), { code: 'failure' });
    await assert.rejects(files.removeDirectory('file'), { code: 'no-such-file' });
    await assert.rejects(files.makeDirectory('file', 0o700), { code: 'failure' });
  });
});
