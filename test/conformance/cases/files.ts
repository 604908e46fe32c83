import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as path from 'node:path';
import { sha256 } from '../../helpers/remoteProcess';
import { define, type Case } from '../case';
import { assertOutcome, textOf, type TextOutcome } from '../commands';
import type { Target } from '../target';

const CONTENT = randomBytes(3 * 1024 * 1024 + 7);
const HASH = sha256(CONTENT);
const ODD_NAME = 'an odd $name "ü"';

/** Runs commands of sftp(1). */
async function sftp({ host, dir }: Target, ...commands: readonly string[]): Promise<TextOutcome> {
  const batch = [`lcd ${dir}`, 'cd work', ...commands, ''].join('\n');
  const outcome = textOf(host, await host.run('sftp', ['-b', '-', host.alias], batch));
  return { ...outcome, stdout: outcome.stdout.replaceAll(dir, 'DIR') };
}

/** Runs a program that reaches the sandbox by an ssh of its own. */
async function bySsh({ host }: Target, program: string, args: readonly string[]): Promise<TextOutcome> {
  return textOf(host, await host.runPlain(program, args));
}

const hashOf = (...parts: string[]): string => sha256(readFileSync(path.join(...parts)));

const scpCases = [
  { protocol: 'SFTP', options: [] },
  { protocol: 'its own protocol', options: ['-O'] },
].flatMap(({ protocol, options }): Case[] => [
  define({
    name: `scp by ${protocol} brings a file there and back`,
    run: async ({ host, dir }) => {
      writeFileSync(path.join(dir, 'a'), CONTENT);
      const there = await host.run('scp', [...options, path.join(dir, 'a'), `${host.alias}:work/there`]);
      const back = await host.run('scp', [...options, `${host.alias}:work/there`, path.join(dir, 'back')]);
      return { codes: [there.code, back.code], back: hashOf(dir, 'back') };
    },
    check: (result, effects) => {
      assert.deepEqual(result, { codes: [0, 0], back: HASH });
      assert.equal(effects['there'], `644 ${HASH}`);
    },
  }),
  define({
    name: `scp by ${protocol} brings a folder with all in it, modes, times and odd names included`,
    run: async ({ host, dir, work }) => {
      const local = (file: string): string => path.join(dir, file);
      mkdirSync(local('tree/deep'), { recursive: true });
      writeFileSync(local(`tree/deep/${ODD_NAME}`), 'x');
      writeFileSync(local('tree/run'), '#!/bin/sh\n', { mode: 0o755 });
      utimesSync(local('tree/run'), 1_000_000_000, 1_000_000_000);
      const there = await host.run('scp', [...options, '-rp', local('tree'), `${host.alias}:work/`]);
      const back = await host.run('scp', [...options, '-rp', `${host.alias}:work/tree`, local('back')]);
      return {
        codes: [there.code, back.code],
        back: (readdirSync(local('back'), { recursive: true }) as string[]).sort(),
        times: [path.join(work, 'tree/run'), local('back/run')].map((file) => statSync(file).mtimeMs / 1000),
      };
    },
    check: ({ codes, back, times }, effects) => {
      assert.deepEqual(codes, [0, 0]);
      assert.deepEqual(back, ['deep', `deep/${ODD_NAME}`, 'run']);
      assert.deepEqual(times, [1_000_000_000, 1_000_000_000]);
      assert.match(effects['tree/run'] ?? '', /^755 /);
    },
  }),
  define({
    name: `scp by ${protocol} says so when a file does not exist`,
    run: async ({ host, dir }) => {
      const args = [...options, `${host.alias}:work/none`, path.join(dir, 'a')];
      return textOf(host, await host.run('scp', args));
    },
    check: (outcome) => assertOutcome(outcome, { code: 1, stderr: /work\/none: No such file/ }),
  }),
]);

const sftpCases: readonly Case[] = [
  define({
    name: 'sftp puts, renames, changes modes, makes links and folders, lists and gets',
    run: async (target) => {
      writeFileSync(path.join(target.dir, 'a'), CONTENT);
      const { stdout, ...rest } = await sftp(
        target,
        ...['mkdir folder', 'put a folder/a', 'rename folder/a folder/b', 'chmod 640 folder/b'],
        ...['symlink b folder/link', 'ln folder/b folder/hard', 'ls -ln folder', 'get folder/b back'],
        ...['put a gone', 'rm gone', 'mkdir empty', 'rmdir empty'],
      );
      // Times are those of the moment.
      const listing = stdout.replaceAll(/\w+ +\d+ \d\d:\d\d/g, 'DATE');
      return { ...rest, listing, back: hashOf(target.dir, 'back') };
    },
    check: ({ code, listing, back }, effects) => {
      assert.equal(code, 0);
      assert.equal(back, HASH);
      assert.match(listing, /^-rw-r----- .* 3145735 DATE folder\/b$/m);
      assert.deepEqual(effects, {
        folder: '755 folder',
        'folder/b': `640 ${HASH}`,
        'folder/hard': `640 ${HASH}`,
        'folder/link': 'link to b',
      });
    },
  }),
  ...[
    { name: 'download', before: ['put a whole'], command: 'reget whole back', file: 'back' },
    { name: 'upload', before: ['put back part'], command: 'reput a part', file: 'part' },
  ].map(({ name, before, command, file }) =>
    define({
      name: `sftp resumes a broken ${name}`,
      run: async (target) => {
        writeFileSync(path.join(target.dir, 'a'), CONTENT);
        writeFileSync(path.join(target.dir, 'back'), CONTENT.subarray(0, 1_000_000));
        const { code } = await sftp(target, ...before, command);
        return { code, whole: hashOf(file === 'back' ? target.dir : target.work, file) };
      },
      check: (result) => assert.deepEqual(result, { code: 0, whole: HASH }),
    }),
  ),
  define({
    name: 'sftp keeps times and modes with -p',
    run: async (target) => {
      const local = path.join(target.dir, 'a');
      writeFileSync(local, 'x', { mode: 0o750 });
      utimesSync(local, 1_000_000_000, 1_000_000_000);
      const { code } = await sftp(target, 'put -p a');
      return { code, time: statSync(path.join(target.work, 'a')).mtimeMs / 1000 };
    },
    check: (result, effects) => {
      assert.deepEqual(result, { code: 0, time: 1_000_000_000 });
      assert.match(effects['a'] ?? '', /^750 /);
    },
  }),
  define({
    name: 'sftp lists a folder of 5,000 files',
    run: async (target) => {
      for (let index = 0; index < 5000; index++) writeFileSync(path.join(target.work, `file-${index}`), '');
      const { code, stdout } = await sftp(target, 'ls -1');
      const names = stdout.split('\n').filter((line) => line.startsWith('file-'));
      return { code, count: names.length };
    },
    check: (result) => assert.deepEqual(result, { code: 0, count: 5000 }),
  }),
  define({
    name: 'sftp knows a file from a folder and a link, and what is not there',
    run: (target) => {
      mkdirSync(path.join(target.work, 'folder'));
      symlinkSync('nowhere', path.join(target.work, 'link'));
      return sftp(
        target,
        '-ls -n none',
        '-get none',
        '-rmdir none',
        '-cd link',
        '-mkdir folder',
        '-get folder back',
      );
    },
    check: ({ code, stderr }) => {
      assert.equal(code, 0);
      assert.match(stderr, /none" not found/);
    },
  }),
  define({
    name: 'sftp tells how much space there is',
    run: async (target) => {
      const { code, stdout } = await sftp(target, 'df -h .');
      return { code, heading: /Size +Used +Avail/.test(stdout) };
    },
    check: (result) => assert.deepEqual(result, { code: 0, heading: true }),
  }),
];

/** A command line of ssh for programs that start it themselves. */
const sshOf = ({ host }: Target): string => `ssh -F ${host.configFile}`;

const programCases: readonly Case[] = [
  define({
    name: 'rsync sends what has changed, and brings it back',
    run: async (target) => {
      const { host, dir } = target;
      const local = (name: string): string => path.join(dir, name);
      mkdirSync(local('tree'));
      writeFileSync(local('tree/a'), CONTENT);
      const sync = async (from: string, to: string): Promise<string | undefined> => {
        const { stdout } = await bySsh(target, 'rsync', ['-a', '--stats', '-e', sshOf(target), from, to]);
        return /regular files transferred: (\d+)/.exec(stdout)?.[1];
      };
      const remote = `${host.alias}:work/tree/`;
      const first = await sync(local('tree/'), remote);
      writeFileSync(local('tree/b'), 'new');
      const second = await sync(local('tree/'), remote);
      const back = await sync(remote, local('back/'));
      return { first, second, back, names: readdirSync(local('back')).sort(), hash: hashOf(dir, 'back/a') };
    },
    check: (result) =>
      assert.deepEqual(result, { first: '1', second: '1', back: '2', names: ['a', 'b'], hash: HASH }),
  }),
  define({
    name: 'git clones, and pushes what another clone gets',
    run: async (target) => {
      const { host, dir } = target;
      const local = (name: string): string => path.join(dir, name);
      const git = async (...args: string[]): Promise<void> => {
        const settings = [`core.sshCommand=${sshOf(target)}`, 'user.name=a', 'user.email=a@example.org'];
        const outcome = await bySsh(target, 'git', [...settings.flatMap((one) => ['-c', one]), ...args]);
        assert.equal(outcome.code, 0, outcome.stderr);
      };
      // Not in ~/work, whose content is compared: objects have the times of commits in them.
      await host.ssh('rm -rf repo.git; git init -q --bare -b main repo.git');
      const url = `${host.alias}:repo.git`;
      await git('clone', '-q', url, local('one'));
      writeFileSync(local('one/file'), CONTENT);
      await git('-C', local('one'), 'checkout', '-q', '-b', 'main');
      await git('-C', local('one'), 'add', 'file');
      await git('-C', local('one'), 'commit', '-q', '-m', 'first');
      await git('-C', local('one'), 'push', '-q', 'origin', 'main');
      await git('clone', '-q', url, local('two'));
      return { cloned: hashOf(dir, 'two/file') };
    },
    check: ({ cloned }) => assert.equal(cloned, HASH),
  }),
];

export const fileCases: readonly Case[] = [...scpCases, ...sftpCases, ...programCases];
