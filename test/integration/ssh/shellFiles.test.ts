import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ShellFiles } from '../../../src/ssh/backends/shellFiles/shellFiles';
import type { DirectoryEntry, OpenMode, RemoteFiles } from '../../../src/sftp/remoteFiles';
import { startLocalProcess } from '../../helpers/localProcess';
import { requireTool, skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

const READ: OpenMode = {
  read: true,
  write: false,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
  permissions: 0o644,
};
const WRITE: OpenMode = { ...READ, read: false, write: true, create: true, truncate: true };
/** All that files are served with where there is neither stat nor readlink. */
const FEW_UTILITIES = [
  'cat',
  'chmod',
  'chown',
  'dd',
  'ln',
  'ls',
  'mkdir',
  'mv',
  'rm',
  'rmdir',
  'sh',
  'touch',
];

const shells = [
  { name: 'dash', argv: ['dash'] },
  { name: 'bash', argv: ['bash'] },
  { name: 'busybox', argv: ['busybox', 'sh'] },
  { name: 'zsh', argv: ['zsh', '--emulate', 'sh'] },
  { name: 'dash without stat and readlink', argv: ['dash'], utilities: FEW_UTILITIES },
];

for (const { name, argv, utilities } of shells) {
  describe(`files by ${name}`, () => {
    const dir = useTempDir();
    let files: RemoteFiles;
    beforeEach(async function () {
      requireTool(this, argv[0]!);
      const env = { ...process.env, LC_ALL: 'C' };
      const tools = utilities && linkUtilities(dir.path, utilities);
      files = await openFiles(argv, tools === undefined ? env : { ...env, PATH: tools });
      fs.mkdirSync(at('tree'));
    });
    afterEach(() => files.close());

    const at = (file: string): string => path.join(dir.path, file);
    const bytes = (file: string): string => Buffer.from(at(file)).toString('latin1');
    const list = async (folder: string): Promise<DirectoryEntry[]> => {
      const directory = await files.list(bytes(folder));
      const entries: DirectoryEntry[] = [];
      for (let batch = await directory.next(); batch.length > 0; batch = await directory.next()) {
        entries.push(...batch);
      }
      directory.close();
      return entries.filter((entry) => entry.name !== '.' && entry.name !== '..');
    };

    it('lists names of any kind', async () => {
      const names = [
        '*',
        '.hidden',
        '..odd',
        "it's",
        'line\nbreak\n',
        '-n',
        ' ',
        '\\',
        'é',
        '$HOME',
        '?',
        '[a]',
      ];
      for (const entry of names) fs.writeFileSync(at(`tree/${entry}`), '');

      const found = (await list('tree')).map((entry) => Buffer.from(entry.name, 'latin1').toString());

      assert.deepEqual(found.sort(), names.sort());
    });

    it('lists more than one argument list takes at once', async () => {
      for (let count = 0; count < 450; count++) fs.writeFileSync(at(`tree/${count}`), '');

      assert.equal((await list('tree')).length, 450);
    });

    it('lists an empty folder', async () => {
      assert.deepEqual(await list('tree'), []);
    });

    it('describes files', async () => {
      fs.writeFileSync(at('file'), 'text');
      fs.chmodSync(at('file'), 0o4751);

      const { mode, size, owner } = await files.stat(bytes('file'));

      const { uid, gid } = fs.statSync(at('file'));
      assert.deepEqual({ mode, size, owner }, { mode: 0o104751, size: 4, owner: { uid, gid } });
    });

    it('reads and writes', async () => {
      const written = await files.open(bytes("it's\na file"), WRITE);
      await written.write(0, Buffer.from('0123456789'));
      await written.close();

      const read = await files.open(bytes("it's\na file"), READ);
      const data = [await read.read(0, 4), await read.read(8, 100), await read.read(2, 2)].map(String);
      await read.close();

      assert.deepEqual(data, ['0123', '89', '23']);
    });

    it('reads a small file whole, and neither a larger one nor what is no file', async () => {
      fs.writeFileSync(at('file'), 'content');
      execFileSync('mkfifo', [at('pipe')]);

      assert.equal(String(await files.readWhole(bytes('file'), 7)), 'content');
      await assert.rejects(files.readWhole(bytes('file'), 6), /too large/);
      await assert.rejects(files.readWhole(bytes('pipe'), 7), /Not a file/);
      await assert.rejects(files.readWhole(bytes('none'), 7), { code: 'no-such-file' });
    });

    it('reads and makes links', async () => {
      await files.makeSymbolicLink('-> a -> \n', bytes('link'));

      assert.equal(fs.readlinkSync(at('link')), '-> a -> \n');
      assert.equal(await files.readLink(bytes('link')), '-> a -> \n');
    });

    it('finds real paths', async () => {
      fs.symlinkSync('tree', at('link'));

      assert.equal(await files.realPath(bytes('link')), fs.realpathSync(at('tree')));
      assert.equal(await files.realPath(bytes('link/new')), `${fs.realpathSync(at('tree'))}/new`);
    });

    it('changes size, mode and times', async () => {
      fs.writeFileSync(at('file'), 'text');

      await files.setstat(bytes('file'), { size: 2, mode: 0o600, times: { accessed: 1e9, modified: 1.1e9 } });

      const { size, mode, atimeMs, mtimeMs } = fs.statSync(at('file'));
      assert.deepEqual([size, mode & 0o7777, atimeMs, mtimeMs], [2, 0o600, 1e12, 1.1e12]);
    });

    it('says that there is no such file', async () => {
      const missing = { code: 'no-such-file' };

      await assert.rejects(files.stat(bytes('none')), missing);
      await assert.rejects(files.open(bytes('none'), READ), missing);
      await assert.rejects(files.list(bytes('none')), missing);
      await assert.rejects(files.readLink(bytes('none')), missing);
      await assert.rejects(files.remove(bytes('none')), missing);
    });

    it('goes on after what a shell may end for', async () => {
      const missing = { code: 'no-such-file' };

      await assert.rejects(files.open(bytes('none/new'), WRITE), missing);
      await assert.rejects(files.list(bytes('tree/none')), missing);

      assert.equal((await files.stat(bytes('tree'))).mode! & 0o170000, 0o040000);
    });
  });
}

describe('files that their reader has no rights to', () => {
  const dir = useTempDir();
  let files: RemoteFiles;
  beforeEach(async function () {
    requireTool(this, 'setpriv');
    if (process.getuid?.() !== 0) skipFor(this, 'only root can become another user');
    fs.chmodSync(dir.path, 0o755);
    fs.writeFileSync(at('secret'), 'text', { mode: 0o600 });
    fs.mkdirSync(at('locked'), { mode: 0o700 });
    files = await openFiles(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'sh'], {
      ...process.env,
      LC_ALL: 'C',
    });
  });
  afterEach(() => files.close());

  const at = (file: string): string => path.join(dir.path, file);
  const attempts: Record<string, () => Promise<unknown>> = {
    'read a file': () => files.open(at('secret'), READ),
    'write a file': () => files.open(at('secret'), WRITE),
    'create a file': () => files.open(at('new'), WRITE),
    'list a folder': () => files.list(at('locked')),
    'look into a folder': () => files.stat(at('locked/file')),
    'make a folder': () => files.makeDirectory(at('new'), 0o755),
    'remove a file': () => files.remove(at('secret')),
    'rename a file': () => files.rename(at('secret'), at('other')),
    'change a mode': () => files.setstat(at('secret'), { mode: 0o644 }),
    'change an owner': () => files.setstat(at('secret'), { owner: { uid: 65534, gid: 65534 } }),
    'change a size': () => files.setstat(at('secret'), { size: 0 }),
  };
  for (const [what, attempt] of Object.entries(attempts)) {
    it(`says that it may not ${what}`, async () => {
      await assert.rejects(attempt(), { code: 'permission-denied' });
    });
  }
});

/** Files by a shell of this computer. */
function openFiles(shell: readonly string[], env: NodeJS.ProcessEnv): Promise<RemoteFiles> {
  return ShellFiles.open(([, ...args]) =>
    Promise.resolve(startLocalProcess([shell[0]!, ...shell.slice(1), ...args], env)),
  );
}

/** A folder for PATH with these programs and no other. */
function linkUtilities(dir: string, utilities: readonly string[]): string {
  const bin = path.join(dir, 'bin');
  fs.mkdirSync(bin);
  for (const utility of [...utilities, 'dash']) {
    const program = execFileSync('which', [utility], { encoding: 'utf8' }).trim();
    fs.symlinkSync(program, path.join(bin, utility));
  }
  return bin;
}
