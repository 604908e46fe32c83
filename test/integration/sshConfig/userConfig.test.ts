import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { delay } from '../../../src/base/async';
import { SshConfig } from '../../../src/sshConfig/sshConfig';
import { UserConfig } from '../../../src/sshConfig/userConfig';
import { asOrdinaryUser, NOBODY } from '../../helpers/ordinaryUser';
import { useTempDir } from '../../helpers/tempDir';

const launcher = { runtimes: [process.execPath], script: '/x/connection.js', runDir: '/x/run' };
const entry = { alias: 'web-aaaabbbbcccc.vscode.sbx', hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBzm' };
const original = 'Host mine\r\n  User me\n\n# caf\u00e9';

describe('the user’s SSH configuration', () => {
  const temp = useTempDir();
  const sshDir = (): string => path.join(temp.path, '.ssh');
  const file = (): string => path.join(sshDir(), 'config');
  const bytes = (): string => readFileSync(file(), 'latin1');
  const create = (editor = 'vscode', customConfigFile?: string): SshConfig =>
    new SshConfig({ sshDir: sshDir(), editor, launcher, ...(customConfigFile && { customConfigFile }) });
  const install = async (config = create()): Promise<SshConfig> => {
    await config.hosts.add([entry]);
    await config.include();
    return config;
  };
  const writeOriginal = (target = file(), mode = 0o644): void => {
    mkdirSync(sshDir(), { recursive: true, mode: 0o700 });
    writeFileSync(target, original, { encoding: 'latin1', mode });
    chmodSync(target, mode);
  };
  const isRoot = process.getuid?.() === 0;

  it('gets our line at the top and keeps every other byte', async () => {
    writeOriginal();
    const config = await install();
    assert.equal(bytes(), `${config.includeLine}\r\n${original}`);
    await config.remove();
    assert.equal(bytes(), original);
  });

  it('is made, private, where there is none, and removed with its folder', async () => {
    const config = await install();
    assert.equal(bytes(), `${config.includeLine}\n`);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.equal(statSync(sshDir()).mode & 0o777, 0o700);
    await config.remove();
    assert.deepEqual(readdirSync(temp.path), []);
  });

  it('stays where it was made by us and the user wrote into it', async () => {
    const config = await install();
    writeFileSync(file(), `${config.includeLine}\nHost mine\n`);
    await config.remove();
    assert.equal(bytes(), 'Host mine\n');
    assert.deepEqual(readdirSync(sshDir()), ['config']);
  });

  it('stays as an empty file where it was one', async () => {
    mkdirSync(sshDir());
    writeFileSync(file(), '');
    await (await install()).remove();
    assert.equal(bytes(), '');
  });

  it('is not touched by making our own files', async () => {
    writeOriginal();
    const config = create();
    await config.hosts.add([entry]);
    assert.equal(bytes(), original);
    assert.deepEqual(await config.filesToEdit(), [file()]);
    await config.include();
    assert.deepEqual(await config.filesToEdit(), []);
  });

  it('is not written when nothing changes', async () => {
    writeOriginal();
    await install();
    const long = new Date(2001, 1, 1);
    const files = [file(), ...readdirSync(ownDir()).map((name) => path.join(ownDir(), name))];
    for (const each of files) utimesSync(each, long, long);
    await install();
    for (const each of files) assert.equal(statSync(each).mtimeMs, long.getTime(), each);
  });

  it('gets our line back to the top when another tool wrote above it', async () => {
    writeOriginal();
    const config = await install();
    writeFileSync(file(), `Host *\n  ControlMaster auto\n${bytes()}`, 'latin1');
    assert.deepEqual(await config.filesToEdit(), [file()]);
    await config.include();
    assert.equal(bytes(), `${config.includeLine}\nHost *\n  ControlMaster auto\n${original}`);
  });

  it('stays a symlink, and its target gets the line', async () => {
    const target = path.join(temp.path, 'dotfiles');
    mkdirSync(sshDir());
    writeOriginal(target);
    symlinkSync('../dotfiles', file());
    const config = await install();
    assert.equal(readlinkSync(file()), '../dotfiles');
    assert.equal(readFileSync(target, 'latin1'), `${config.includeLine}\r\n${original}`);
    await config.remove();
    assert.equal(readFileSync(target, 'latin1'), original);
  });

  for (const mode of [0o600, 0o644, 0o640, 0o400]) {
    it(`keeps its mode ${mode.toString(8)}`, async () => {
      writeOriginal(file(), mode);
      await install();
      assert.equal(statSync(file()).mode & 0o7777, mode);
    });
  }

  if (isRoot) {
    it('keeps its owner', async () => {
      writeOriginal();
      chownSync(file(), 1234, 2345);
      await install();
      assert.equal(statSync(file()).uid, 1234);
      assert.equal(statSync(file()).gid, 2345);
    });
  }

  if (isRoot) {
    const includeAsNobody = async (uid: number, gid: number): Promise<void> => {
      writeOriginal();
      chownSync(sshDir(), NOBODY, NOBODY);
      chownSync(file(), uid, gid);
      await asOrdinaryUser(temp.path, () => new UserConfig(file(), '~/x').include());
    };

    it('gets our line also where its group is one that its owner is not in', async () => {
      await includeAsNobody(NOBODY, 2345);

      assert.equal(bytes(), `Include ~/x\r\n${original}`);
    });

    it('is left alone where it belongs to another user', async () => {
      await assert.rejects(includeAsNobody(0, 0), { code: 'unsafe', message: /belongs to another user/ });

      assert.equal(bytes(), original);
    });
  }

  const obstacles: { name: string; code: string; make: () => void }[] = [
    { name: 'is a folder', code: 'unsafe', make: () => mkdirSync(file()) },
    { name: 'is a pipe', code: 'unsafe', make: () => void execFileSync('mkfifo', [file()]) },
    { name: 'is a dangling symlink', code: 'unsafe', make: () => symlinkSync('/nowhere/config', file()) },
    { name: 'is a loop of symlinks', code: 'unreadable', make: () => symlinkSync('config', file()) },
    { name: 'is UTF-16', code: 'unsafe', make: () => writeFileSync(file(), '\ufeffHost a\n', 'utf16le') },
    { name: 'is huge', code: 'unsafe', make: () => writeFileSync(file(), Buffer.alloc(5_000_000, '#')) },
    {
      name: 'has hard links',
      code: 'unsafe',
      make: () => {
        writeOriginal();
        linkSync(file(), path.join(temp.path, 'backup'));
      },
    },
    {
      name: 'cannot be opened',
      code: 'unreadable',
      // A path component that is no folder: an error other than "no such file", even for root.
      make: () => {
        writeFileSync(path.join(temp.path, 'plain'), '');
        symlinkSync('../plain/config', file());
      },
    },
  ];
  for (const { name, code, make } of obstacles) {
    it(`is left alone when it ${name}, and the error names it and the next step`, async () => {
      mkdirSync(sshDir(), { mode: 0o700 });
      make();
      const before = snapshot(file());
      const config = create();
      await config.hosts.add([entry]);
      await assert.rejects(config.include(), (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.ok(error.message.includes(file()), error.message);
        assert.ok(error.message.includes(`add this line at its very top yourself: ${config.includeLine}`));
        return true;
      });
      assert.equal(snapshot(file()), before);
      assert.deepEqual(
        readdirSync(sshDir()).filter((each) => each.endsWith('.tmp')),
        [],
      );
    });
  }

  it('with hard links is fine once the user added the line', async () => {
    writeOriginal();
    const config = create();
    writeFileSync(file(), `${config.includeLine}\n${original}`);
    linkSync(file(), path.join(temp.path, 'backup'));
    await install(config);
    assert.deepEqual(await config.filesToEdit(), []);
  });

  if (process.platform === 'linux') {
    it('is left alone when it can be read and not replaced, even by root', async () => {
      mkdirSync(sshDir());
      symlinkSync('/proc/version', file());
      await assert.rejects(create().include(), { code: 'unwritable', message: /add this line/ });
      assert.equal(readlinkSync(file()), '/proc/version');
    });
  }

  it('in a home without room for our folder is left alone', async () => {
    writeFileSync(sshDir(), 'a file where the folder should be');
    await assert.rejects(create().hosts.add([entry]), { code: 'unwritable' });
    assert.equal(readFileSync(sshDir(), 'utf8'), 'a file where the folder should be');
  });

  it('is not used when our folder is a symlink to another place', async () => {
    writeOriginal();
    const elsewhere = path.join(temp.path, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, ownDir());
    await assert.rejects(create().hosts.add([entry]), { code: 'unsafe' });
    assert.deepEqual(readdirSync(elsewhere), []);
  });

  it('serves two editors with one line, which goes with the last of them', async () => {
    writeOriginal();
    const code = await install(create('vscode'));
    const cursor = await install(create('cursor'));
    assert.equal(bytes(), `${code.includeLine}\r\n${original}`);
    assert.deepEqual(await code.remove(), { edited: [], isShared: true });
    assert.equal(bytes(), `${code.includeLine}\r\n${original}`);
    assert.ok(existsSync(cursor.hosts.configFile));
    assert.deepEqual(await cursor.remove(), { edited: [file()], folder: ownDir(), isShared: false });
    assert.equal(bytes(), original);
    assert.ok(!existsSync(ownDir()));
  });

  it('serves an editor that had to wait while the last one removed what it had', async () => {
    writeOriginal();
    const code = await install(create('vscode'));
    const cursor = create('cursor');
    let opening: Promise<unknown> | undefined;
    await code.hosts.locked(async () => {
      opening = install(cursor);
      await delay(100);
    });
    await code.remove();
    await opening;
    assert.equal(bytes(), `${cursor.includeLine}\r\n${original}`);
    assert.ok(existsSync(cursor.hosts.configFile));
  });

  it('gets the line beside a configuration file that the editor was told to use', async () => {
    writeOriginal();
    const custom = path.join(temp.path, 'custom');
    const config = await install(create('vscode', custom));
    for (const each of [file(), custom])
      assert.ok(readFileSync(each, 'latin1').startsWith(config.includeLine));
    // The setting may be gone by the time of the removal.
    await create('vscode').remove();
    assert.equal(bytes(), original);
    assert.ok(!existsSync(custom));
  });

  it('can be cleaned of what was never there', async () => {
    await create().remove();
    assert.deepEqual(readdirSync(temp.path), []);
  });

  it('keeps the entries of windows that write at the same time', async () => {
    const aliases = Array.from({ length: 12 }, (_, index) => `box${index}-aaaabbbbcccc.vscode.sbx`);
    await Promise.all(aliases.map((alias) => create().hosts.add([{ ...entry, alias }])));
    assert.deepEqual((await create().hosts.aliases()).sort(), aliases.sort());
    const text = readFileSync(create().hosts.configFile, 'utf8');
    for (const alias of aliases) assert.ok(text.includes(`Host ${alias}\n`));
  });

  it('has entries of ours that go one by one', async () => {
    const config = await install();
    await config.hosts.add([{ ...entry, alias: `x-${entry.alias}` }]);
    await config.hosts.remove([entry.alias]);
    assert.deepEqual(await config.hosts.aliases(), [`x-${entry.alias}`]);
    assert.doesNotMatch(readFileSync(config.hosts.configFile, 'utf8'), /Host web-/);
  });

  it('has files of ours that only the user can read, repaired if they were not', async () => {
    const config = await install();
    const known = config.hosts.configFile;
    chmodSync(known, 0o666);
    chmodSync(ownDir(), 0o755);
    await install(config);
    assert.equal(statSync(known).mode & 0o777, 0o600);
    assert.equal(statSync(ownDir()).mode & 0o777, 0o700);
    assert.equal(statSync(path.join(ownDir(), 'vscode-connect')).mode & 0o777, 0o700);
  });

  it('has files of ours that replace a symlink put in their place', async () => {
    const config = await install();
    const victim = path.join(temp.path, 'victim');
    writeFileSync(victim, 'precious');
    unlinkSync(config.hosts.configFile);
    symlinkSync(victim, config.hosts.configFile);
    await install(config);
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
    assert.ok(lstatSync(config.hosts.configFile).isFile());
  });

  function ownDir(): string {
    return path.join(sshDir(), 'cloud-sandboxes');
  }
});

/** What a path is, as far as a careless writer would change it. */
function snapshot(file: string): string {
  const stat = lstatSync(file);
  const content = stat.isFile() ? readFileSync(file, 'latin1') : '';
  return JSON.stringify([stat.mode, stat.ino, stat.nlink, stat.mtimeMs, content]);
}
