import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { makeBusyboxRoot } from '../../helpers/busyboxRoot';
import { eventually } from '../../helpers/eventually';
import { makeGnuRoot } from '../../helpers/gnuRoot';
import { sha256 } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { endChild, type Outcome } from '../../helpers/sshHost';

const roots = [
  { name: 'a bare busybox root', makeRoot: makeBusyboxRoot, tools: ['busybox'] },
  { name: "a root with GNU's utilities", makeRoot: makeGnuRoot, tools: [] },
];
const content = randomBytes(1024 * 1024 + 7);
const oddNames = {
  'a space': 'a b',
  quotes: `it's "quoted"`,
  'a line break': 'two\nlines\n',
  'a leading dash': '-rf',
  'shell text': '$(id) `id` ;*',
  'an emoji': '🦊',
  'a backslash': 'a\\101',
};

for (const { name, makeRoot, tools } of roots) {
  describe(`sftp and scp with ${name}, which has no SFTP server`, () => {
    const rootDir = fs.mkdtempSync(path.join(os.tmpdir(), 'sbx-root-'));
    const sandbox = useSandbox({ runtime: 'bubblewrap', image: path.join(rootDir, 'root') }, (context) => {
      requireTool(context, 'ssh', 'scp', 'sftp', 'bwrap', ...tools);
      makeRoot(rootDir);
    });
    after(() => fs.rmSync(rootDir, { recursive: true, force: true }));

    let dir: string;
    beforeEach(async () => {
      dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sbx-sftp-'));
      await sandbox.current.ssh('rm -rf folder && mkdir folder');
    });
    afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

    const local = (file: string): string => path.join(dir, file);
    const remote = (file: string): string => `${sandbox.current.alias}:${file}`;
    const cat = async (file: string): Promise<Buffer> =>
      (await sandbox.current.ssh(`cat 'folder/${file}'`)).stdout;
    const shell = async (command: string): Promise<string> =>
      (await sandbox.current.ssh(`cd folder && ${command}`)).stdout.toString();

    function tryBatch(...commands: readonly (string | Buffer)[]): Promise<Outcome> {
      const lines = ['cd folder', ...commands].map((line) =>
        Buffer.concat([Buffer.from(line), Buffer.from('\n')]),
      );
      return sandbox.current.run('sftp', ['-b', '-', sandbox.current.alias], Buffer.concat(lines));
    }
    async function batch(...commands: readonly (string | Buffer)[]): Promise<string> {
      const outcome = await tryBatch(...commands);
      assert.equal(outcome.code, 0, outcome.stderr);
      return outcome.stdout.toString();
    }
    async function scp(...args: readonly string[]): Promise<void> {
      const outcome = await sandbox.current.run('scp', args);
      assert.equal(outcome.code, 0, outcome.stderr);
    }

    it('puts and gets a file, unchanged', async () => {
      fs.writeFileSync(local('a'), content);

      await batch(`put ${local('a')} a`, `get a ${local('b')}`);

      assert.ok((await cat('a')).equals(content));
      assert.ok(fs.readFileSync(local('b')).equals(content));
    });

    it('copies a file within the sandbox', async () => {
      fs.writeFileSync(local('a'), content);

      await batch(`put ${local('a')} a`, 'cp a copy');

      assert.equal(sha256(await cat('copy')), sha256(content));
    });

    it('puts and gets an empty file', async () => {
      fs.writeFileSync(local('a'), '');

      await batch(`put ${local('a')} a`, `get a ${local('b')}`);

      assert.equal(fs.statSync(local('b')).size, 0);
    });

    it('puts over a longer file', async () => {
      fs.writeFileSync(local('a'), 'short');
      await shell('echo a longer one >a');

      await batch(`put ${local('a')} a`);

      assert.equal((await cat('a')).toString(), 'short');
    });

    it('resumes a download and an upload', async () => {
      fs.writeFileSync(local('a'), content);
      fs.writeFileSync(local('half'), content.subarray(0, 400_000));

      await batch(`put ${local('half')} b`, `reput ${local('a')} b`, `reget b ${local('half')}`);

      assert.ok((await cat('b')).equals(content));
      assert.ok(fs.readFileSync(local('half')).equals(content));
    });

    it('keeps modes and times with -p, both ways', async () => {
      fs.writeFileSync(local('a'), 'x', { mode: 0o750 });
      fs.chmodSync(local('a'), 0o750);
      fs.utimesSync(local('a'), 1_000_000_000, 1_100_000_000);

      await batch(`put -p ${local('a')} a`, `get -p a ${local('b')}`);

      const { mode, mtimeMs, atimeMs } = fs.statSync(local('b'));
      assert.deepEqual([mode & 0o7777, atimeMs, mtimeMs], [0o750, 1_000_000_000_000, 1_100_000_000_000]);
    });

    it('puts a file that its owner may not write', async () => {
      fs.writeFileSync(local('a'), content, { mode: 0o444 });

      await batch(`put -p ${local('a')} a`);

      assert.ok((await cat('a')).equals(content));
      assert.match(await shell('ls -l a'), /^-r--r--r--/);
    });

    it('renames onto a file, as rename(2) does', async () => {
      await shell('echo old >a; echo new >b');

      await batch('rename b a');

      assert.equal((await cat('a')).toString(), 'new\n');
      assert.equal(await shell('ls'), 'a\n');
    });

    it('refuses to rename onto a file by the request of the draft', async () => {
      await shell('echo old >a; echo new >b');

      const { code, stderr } = await tryBatch('rename -l b a');

      assert.equal(code, 1);
      assert.match(stderr, /Failure/);
      assert.equal((await cat('a')).toString(), 'old\n');
    });

    it('makes, shows and follows symbolic links', async () => {
      await shell('echo text >a');

      const listing = await batch('ln -s a link', `get link ${local('copy')}`, 'ls -l');

      assert.match(listing, /^lrwxrwxrwx .* link$/m);
      assert.equal(fs.readFileSync(local('copy'), 'utf8'), 'text\n');
    });

    it('makes hard links', async () => {
      await shell('echo text >a');

      await batch('ln a b');

      assert.equal((await cat('b')).toString(), 'text\n');
    });

    it('changes modes, makes and removes folders, removes files', async () => {
      await shell('echo text >a; echo text >b');

      await batch('chmod 640 a', 'mkdir d', 'mkdir e', 'rmdir e', 'rm b');

      assert.match(await shell('ls -l'), /^total \d+\n-rw-r----- .* a\ndrwxr-xr-x .* d\n$/);
    });

    const refusals = [
      { what: 'a file that is not there', command: 'get none', reason: /not found/ },
      { what: 'to remove what is not there', command: 'rm none', reason: /No such file or directory/ },
      { what: 'to make a folder that exists', command: 'mkdir full', reason: /Failure/ },
      { what: 'to remove a folder that is not empty', command: 'rmdir full', reason: /Failure/ },
      { what: 'to remove a folder as a file', command: 'rm full', reason: /Failure|Is a directory/i },
      { what: 'to copy a file onto itself', command: 'cp full/file full/file', reason: /Failure/ },
      { what: 'to go into a file', command: 'cd full/file', reason: /Not a directory|not a directory|Can't/ },
      {
        what: 'an owner that does not exist here',
        command: 'chown 77777 full/file',
        reason: /Failure|denied/,
      },
    ];
    for (const { what, command, reason } of refusals) {
      it(`refuses ${what}`, async () => {
        await shell('mkdir full && echo x >full/file');

        const { code, stderr } = await tryBatch(command);

        assert.equal(code, 1);
        assert.match(stderr, reason);
      });
    }

    it('goes on after a refusal', async () => {
      const output = await batch('-rm none', '-get none', 'pwd');

      assert.match(output, /Remote working directory: .*\/folder$/m);
    });

    for (const [what, odd] of Object.entries(oddNames)) {
      it(`takes a name with ${what}`, async () => {
        fs.mkdirSync(local('tree'));
        fs.writeFileSync(local(`tree/${odd}`), odd);

        await scp('-r', local('tree'), remote('folder/'));
        await scp('-r', remote('folder/tree'), local('back'));

        assert.deepEqual(fs.readdirSync(local('back')), [odd]);
        assert.equal(fs.readFileSync(local(`back/${odd}`), 'utf8'), odd);
      });
    }

    it('takes a name of all bytes that a name can have', async () => {
      const bytes = Array.from({ length: 255 }, (_, index) => index + 1).filter((byte) => byte !== 0x2f);
      const odd = Buffer.from(bytes);
      fs.mkdirSync(local('tree'));
      fs.writeFileSync(Buffer.concat([Buffer.from(`${local('tree')}/`), odd]), 'text');

      await scp('-r', local('tree'), remote('folder/'));
      await scp('-r', remote('folder/tree'), local('back'));

      assert.deepEqual(fs.readdirSync(local('back'), { encoding: 'buffer' }), [odd]);
    });

    it('lists a folder of 5,000 files', async () => {
      await shell('i=0; while [ $i -lt 5000 ]; do : >"file $i"; i=$((i + 1)); done');

      const listing = await batch('ls -la');

      const names = listing.split('\n').flatMap((line) => /(file \d+)$/.exec(line)?.slice(1) ?? []);
      assert.equal(new Set(names).size, 5000);
      assert.equal(names.length, 5000);
    });

    it('brings a tree there and back', async () => {
      for (let folder = 0; folder < 5; folder++) {
        fs.mkdirSync(local(`tree/${folder}/deep`), { recursive: true });
        for (let file = 0; file < 20; file++)
          fs.writeFileSync(local(`tree/${folder}/deep/${file}`), `${folder} ${file}`);
      }

      await batch(`put -r ${local('tree')} tree`, `get -r tree ${local('back')}`);

      const entries = (tree: string): string[] =>
        fs.readdirSync(local(tree), { recursive: true }).map(String).sort();
      assert.deepEqual(entries('back'), entries('tree'));
      assert.equal(fs.readFileSync(local('back/4/deep/19'), 'utf8'), '4 19');
    });

    it('serves two clients at once', async () => {
      fs.writeFileSync(local('a'), content);
      fs.writeFileSync(local('b'), Buffer.from(content).reverse());

      await Promise.all([
        batch(`put ${local('a')} a`, `get a ${local('a2')}`),
        batch(`put ${local('b')} b`, `get b ${local('b2')}`),
      ]);

      assert.ok(fs.readFileSync(local('a2')).equals(content));
      assert.ok(fs.readFileSync(local('b2')).equals(fs.readFileSync(local('b'))));
    });

    it('copies by scp from and to the home folder', async () => {
      fs.writeFileSync(local('a'), content);

      await scp(local('a'), remote(''));
      await scp(remote('a'), local('b'));

      assert.ok(fs.readFileSync(local('b')).equals(content));
    });

    for (const command of ['get', 'put'] as const) {
      it(`leaves no process behind when its client is killed in the middle of a ${command}`, async () => {
        const size = 4 * 1024 ** 3;
        fs.writeFileSync(local('large'), '');
        fs.truncateSync(local('large'), size);
        await shell(`dd of=large bs=1 seek=${size} count=0 2>/dev/null </dev/null`);
        // The last command keeps the shell from becoming this cat, which would find itself.
        const running = async (): Promise<string[]> =>
          (await shell('cat /proc/[0-9]*/cmdline 2>/dev/null; :'))
            .split('\0')
            .filter((word) => word === 'cat' || word === '-s');
        const client = sandbox.current.spawn('sftp', [sandbox.current.alias], {
          stdio: ['pipe', 'ignore', 'ignore'],
        });
        const files = { get: `folder/large ${local('copy')}`, put: `${local('large')} folder/copy` };
        client.stdin!.write(`${command} ${files[command]}\n`);
        await eventually(async () => assert.ok((await running()).includes('cat')));

        await endChild(client);

        await eventually(async () => assert.deepEqual(await running(), []), 10_000);
      });
    }
  });
}

describe('sftp of a large file without an SFTP server', () => {
  const rootDir = fs.mkdtempSync(path.join(os.tmpdir(), 'sbx-root-'));
  const sandbox = useSandbox({ runtime: 'bubblewrap', image: path.join(rootDir, 'root') }, (context) => {
    requireTool(context, 'ssh', 'sftp', 'bwrap', 'busybox');
    makeBusyboxRoot(rootDir);
  });
  after(() => fs.rmSync(rootDir, { recursive: true, force: true }));

  it('brings 100 MB there and back, unchanged', async () => {
    const data = randomBytes(100_000_000);
    const file = (name: string): string => path.join(rootDir, name);
    fs.writeFileSync(file('a'), data);
    const commands = `put ${file('a')} a\nget a ${file('b')}\n`;

    const { code, stderr } = await sandbox.current.run('sftp', ['-b', '-', sandbox.current.alias], commands);

    assert.equal(code, 0, stderr);
    assert.equal(sha256(fs.readFileSync(file('b'))), sha256(data));
  });
});
