import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import type { Outcome } from '../../helpers/sshHost';

const content = randomBytes(3 * 1024 * 1024 + 7);

// Sandboxes of bubblewrap are what test/conformance compares with sshd.
describe('files of a sandbox of plain processes', () => {
  const sandbox = useSandbox({ runtime: 'process' }, (context) =>
    requireTool(context, 'ssh', 'scp', 'sftp', 'rsync', 'git'),
  );
  let dir: string;
  beforeEach(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-files-'));
    await sandbox.current.ssh('rm -rf folder && mkdir folder');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const remote = (file: string): string => `${sandbox.current.alias}:${file}`;
  const local = (file: string): string => path.join(dir, file);
  const cat = async (file: string): Promise<Buffer> => (await sandbox.current.ssh(`cat '${file}'`)).stdout;

  async function run(program: string, args: readonly string[], input = ''): Promise<Outcome> {
    const outcome = await sandbox.current.run(program, args, input);
    assert.equal(outcome.code, 0, outcome.stderr);
    return outcome;
  }

  for (const { protocol, options } of [
    { protocol: 'SFTP', options: [] },
    { protocol: 'its own protocol', options: ['-O'] },
  ]) {
    describe(`scp by ${protocol}`, () => {
      it('brings a file there and back, unchanged', async () => {
        writeFileSync(local('a'), content);

        await run('scp', [...options, local('a'), remote('folder/there')]);
        await run('scp', [...options, remote('folder/there'), local('back')]);

        assert.ok(readFileSync(local('back')).equals(content));
      });

      it('brings a folder with all in it, modes and odd names included', async () => {
        mkdirSync(local('tree/deep'), { recursive: true });
        writeFileSync(local('tree/deep/an odd $name "ü"'), 'x');
        writeFileSync(local('tree/run'), '#!/bin/sh\n', { mode: 0o755 });

        await run('scp', [...options, '-rp', local('tree'), remote('folder/')]);
        await run('scp', [...options, '-rp', remote('folder/tree'), local('back')]);

        assert.deepEqual(readdirSync(local('back'), { recursive: true }).sort(), [
          'deep',
          'deep/an odd $name "ü"',
          'run',
        ]);
        assert.equal(statSync(local('back/run')).mode & 0o777, 0o755);
      });

      it('says so when a file does not exist', async () => {
        const { code, stderr } = await sandbox.current.run('scp', [
          ...options,
          remote('folder/none'),
          local('a'),
        ]);

        assert.equal(code, 1);
        assert.match(stderr, /No such file/);
      });
    });
  }

  it('sftp puts, lists, renames, changes modes, makes folders, gets and removes', async () => {
    writeFileSync(local('a'), content);
    const batch = [
      'cd folder',
      'mkdir folder',
      `put "${local('a')}" folder/a`,
      'rename folder/a folder/b',
      'chmod 640 folder/b',
      'ls -l folder',
      `get folder/b "${local('b')}"`,
      'rm folder/b',
      'rmdir folder',
    ];

    const { stdout } = await run('sftp', ['-b', '-', sandbox.current.alias], `${batch.join('\n')}\n`);

    assert.ok(readFileSync(local('b')).equals(content));
    assert.match(stdout.toString(), /^-rw-r----- .* folder\/b$/m);
    assert.equal((await sandbox.current.ssh('ls folder')).stdout.toString(), '');
  });

  it('rsync sends what has changed', async () => {
    mkdirSync(local('tree'));
    writeFileSync(local('tree/a'), content);
    const ssh = `ssh -F ${sandbox.current.configFile}`;
    const sync = (): Promise<Outcome> =>
      sandbox.current.runPlain('rsync', ['-a', '--stats', '-e', ssh, local('tree/'), remote('folder/tree/')]);
    await sync();
    writeFileSync(local('tree/b'), 'new');

    const { code, stdout } = await sync();

    assert.equal(code, 0);
    assert.match(stdout.toString(), /Number of regular files transferred: 1\n/);
    assert.ok((await cat('folder/tree/a')).equals(content));
  });

  it('git clones from it and pushes to it', async () => {
    await sandbox.current.ssh('git init -q --bare -b main folder/repo.git');
    const home = (await sandbox.current.ssh('pwd')).stdout.toString().trim();
    const git = (...args: string[]): Promise<Outcome> =>
      sandbox.current.runPlain('git', [
        ...['-c', `core.sshCommand=ssh -F ${sandbox.current.configFile}`],
        ...['-c', 'user.name=a', '-c', 'user.email=a@example.org'],
        ...args,
      ]);
    const url = `ssh://${sandbox.current.alias}${home}/folder/repo.git`;

    await git('clone', '-q', url, local('one'));
    writeFileSync(local('one/file'), 'pushed\n');
    await git('-C', local('one'), 'checkout', '-q', '-b', 'main');
    await git('-C', local('one'), 'add', 'file');
    await git('-C', local('one'), 'commit', '-q', '-m', 'first');
    const pushed = await git('-C', local('one'), 'push', '-q', 'origin', 'main');
    const cloned = await git('clone', '-q', url, local('two'));

    assert.deepEqual([pushed.code, cloned.code], [0, 0], pushed.stderr + cloned.stderr);
    assert.equal(readFileSync(local('two/file'), 'utf8'), 'pushed\n');
  });
});
