import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { FileEntry, OpenMode, Stats } from 'ssh2';
import { makeBusyboxRoot } from '../../helpers/busyboxRoot';
import { makeGnuRoot } from '../../helpers/gnuRoot';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { openSftp, request, type SftpClient } from '../../helpers/sftpClient';

const roots = [
  { name: 'a bare busybox root', makeRoot: makeBusyboxRoot, tools: ['busybox'] },
  { name: "a root with GNU's utilities", makeRoot: makeGnuRoot, tools: [] },
];
/** SSH_FX_ codes, draft-ietf-secsh-filexfer-02 section 7. */
const NO_SUCH_FILE = { code: 2 };
const FAILURE = { code: 4 };

for (const { name, makeRoot, tools } of roots) {
  describe(`requests of SFTP with ${name}, which has no SFTP server`, () => {
    const rootDir = mkdtempSync(path.join(os.tmpdir(), 'sbx-root-'));
    const sandbox = useSandbox({ runtime: 'bubblewrap', image: path.join(rootDir, 'root') }, (context) => {
      requireTool(context, 'ssh', 'bwrap', ...tools);
      makeRoot(rootDir);
    });
    after(() => rmSync(rootDir, { recursive: true, force: true }));

    let client: SftpClient;
    before(async () => {
      client = await openSftp(sandbox.current);
    });
    after(() => client.close());
    beforeEach(async () => {
      await sandbox.current.ssh('rm -rf * && printf 0123456789 >digits');
    });

    const shell = async (command: string): Promise<string> =>
      (await sandbox.current.ssh(command)).stdout.toString();
    const open = (file: string, flags: OpenMode, mode?: number): Promise<Buffer> =>
      request<Buffer>((done) => client.sftp.open(file, flags, mode ?? 0o644, done));
    const close = (handle: Buffer): Promise<void> => request((done) => client.sftp.close(handle, done));
    const write = (handle: Buffer, text: string, position: number): Promise<void> =>
      request((done) => client.sftp.write(handle, Buffer.from(text), 0, text.length, position, done));
    const read = async (handle: Buffer, position: number, length: number): Promise<string> => {
      const buffer = Buffer.alloc(length);
      const count = await request<number>((done) =>
        client.sftp.read(handle, buffer, 0, length, position, (error, bytes) => done(error, bytes)),
      );
      return buffer.toString('latin1', 0, count);
    };
    const stat = (file: string): Promise<Stats> => request((done) => client.sftp.stat(file, done));

    it('reads anywhere in a file, forwards and backwards', async () => {
      const handle = await open('digits', 'r');

      const parts = [await read(handle, 7, 2), await read(handle, 0, 3), await read(handle, 5, 2)];

      assert.deepEqual(parts, ['78', '012', '56']);
      await close(handle);
    });

    it('answers reads that were sent together, in their order', async () => {
      const handle = await open('digits', 'r');

      const parts = await Promise.all([8, 0, 2, 4, 6].map((position) => read(handle, position, 2)));

      assert.deepEqual(parts, ['89', '01', '23', '45', '67']);
      await close(handle);
    });

    it('reads up to the end and nothing beyond it', async () => {
      const handle = await open('digits', 'r');

      const parts = [await read(handle, 8, 100), await read(handle, 10, 100), await read(handle, 500, 100)];

      assert.deepEqual(parts, ['89', '', '']);
      await close(handle);
    });

    it('reads what a file has grown by', async () => {
      const handle = await open('digits', 'r');
      await read(handle, 0, 100);

      await shell('printf more >>digits');

      assert.equal(await read(handle, 10, 100), 'more');
      await close(handle);
    });

    it('writes into the middle of a file and leaves the rest', async () => {
      const handle = await open('digits', 'r+');

      await write(handle, 'ab', 4);
      await write(handle, 'c', 1);

      await close(handle);
      assert.equal(await shell('cat digits'), '0c23ab6789');
    });

    it('reads what it has written', async () => {
      const handle = await open('digits', 'r+');
      await read(handle, 0, 2);

      await write(handle, 'ab', 2);

      assert.equal(await read(handle, 0, 10), '01ab456789');
      await close(handle);
    });

    it('writes behind the end with a gap of zeros', async () => {
      const handle = await open('new', 'w');

      await write(handle, 'x', 3);

      await close(handle);
      assert.equal(await shell('cat new'), '\0\0\0x');
    });

    it('appends whatever the offset', async () => {
      const handle = await open('digits', 'a');

      await write(handle, 'a', 0);
      await write(handle, 'b', 5);

      await close(handle);
      assert.equal(await shell('cat digits'), '0123456789ab');
    });

    it('tells the size of a file that is being written', async () => {
      const handle = await open('new', 'w');
      await write(handle, 'text', 0);

      const { size } = await request<Stats>((done) => client.sftp.fstat(handle, done));

      assert.deepEqual([size, (await stat('new')).size], [4, 4]);
      await close(handle);
    });

    it('truncates and extends', async () => {
      await request((done) => client.sftp.setstat('digits', { size: 4 }, done));
      assert.equal(await shell('cat digits'), '0123');

      await request((done) => client.sftp.setstat('digits', { size: 6 }, done));
      assert.equal(await shell('cat digits'), '0123\0\0');
    });

    it('empties a file that is opened to be written anew', async () => {
      await close(await open('digits', 'w'));

      assert.equal((await stat('digits')).size, 0);
    });

    it('creates only what does not exist if asked to', async () => {
      await assert.rejects(open('digits', 'wx'), FAILURE);

      await close(await open('new', 'wx'));
      assert.equal((await stat('new')).size, 0);
    });

    it('creates with the permissions asked for, writable until it is closed', async () => {
      const handle = await open('new', 'w', 0o555);
      await write(handle, 'text', 0);
      await close(handle);

      assert.equal((await stat('new')).mode & 0o7777, 0o555);
      assert.equal(await shell('cat new'), 'text');
    });

    it('sets times to the second', async () => {
      await request((done) => client.sftp.utimes('digits', 1_000_000_000, 0xffff_fff0, done));

      const { atime, mtime } = await stat('digits');
      assert.deepEqual([atime, mtime], [1_000_000_000, 0xffff_fff0]);
    });

    it('tells a link from what it leads to', async () => {
      await request((done) => client.sftp.symlink('digits', 'link', done));

      const link = await request<Stats>((done) => client.sftp.lstat('link', done));
      assert.ok(link.isSymbolicLink());
      assert.equal((await stat('link')).size, 10);
      assert.equal(await request<string>((done) => client.sftp.readlink('link', done)), 'digits');
    });

    it('finds the real path of what exists and of what could', async () => {
      await shell('mkdir real && ln -s real link && >real/file');
      const realPath = (file: string): Promise<string> => request((done) => client.sftp.realpath(file, done));
      const home = await realPath('.');

      assert.equal(await realPath('link/../link/file'), `${home}/real/file`);
      assert.equal(await realPath('link/new'), `${home}/real/new`);
      await assert.rejects(realPath('none/new'), NO_SUCH_FILE);
    });

    it('replaces by rename what rename(2) replaces', async () => {
      await shell('mkdir full empty from && >full/file && >from/moved && ln -s full link');
      const replace = (from: string, to: string): Promise<void> =>
        request((done) => client.sftp.ext_openssh_rename(from, to, done));

      await assert.rejects(replace('digits', 'full'), FAILURE);
      await assert.rejects(replace('from', 'full'), FAILURE);
      await replace('from', 'empty');
      await replace('digits', 'link');

      assert.deepEqual((await shell('ls full empty; cat link')).split('\n').sort(), [
        '',
        '0123456789',
        'empty:',
        'file',
        'full:',
        'moved',
      ]);
    });

    it('lists an empty folder', async () => {
      await shell('mkdir empty');

      const entries = await request<FileEntry[]>((done) => client.sftp.readdir('empty', done));

      assert.deepEqual(
        entries.map(({ filename }) => filename).filter((entry) => !/^\.\.?$/.test(entry)),
        [],
      );
    });

    const missing: Record<string, (file: string) => Promise<unknown>> = {
      stat,
      lstat: (file) => request<Stats>((done) => client.sftp.lstat(file, done)),
      open: (file) => open(file, 'r'),
      'open for writing': (file) => open(file, 'r+'),
      opendir: (file) => request<Buffer>((done) => client.sftp.opendir(file, done)),
      remove: (file) => request((done) => client.sftp.unlink(file, done)),
      rmdir: (file) => request((done) => client.sftp.rmdir(file, done)),
      rename: (file) => request((done) => client.sftp.rename(file, 'other', done)),
      readlink: (file) => request<string>((done) => client.sftp.readlink(file, done)),
      chmod: (file) => request((done) => client.sftp.chmod(file, 0o600, done)),
      truncate: (file) => request((done) => client.sftp.setstat(file, { size: 0 }, done)),
      'create in a folder': (file) => open(`${file}/new`, 'w'),
    };
    for (const [what, call] of Object.entries(missing)) {
      it(`answers "no such file" to ${what} of what is not there`, async () => {
        await assert.rejects(call('none'), NO_SUCH_FILE);
      });
    }

    it('bounds how much is open', async () => {
      const handles: Buffer[] = [];
      for (let count = 0; count < 100; count++) {
        handles.push(await request<Buffer>((done) => client.sftp.opendir('.', done)));
      }

      await assert.rejects(
        request<Buffer>((done) => client.sftp.opendir('.', done)),
        /Too many open files/,
      );

      await Promise.all(handles.map(close));
    });
  });
}
