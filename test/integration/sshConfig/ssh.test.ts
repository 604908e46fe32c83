import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '../../../src/base/logger';
import { sshHome } from '../../../src/base/paths';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { Vault } from '../../../src/keys/vault';
import { HostFiles } from '../../../src/sshConfig/hostFiles';
import { Provisioner } from '../../../src/sshConfig/provisioner';
import { SshConfig } from '../../../src/sshConfig/sshConfig';
import { requireTool } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

const run = promisify(execFile);
const alias = 'web-aaaabbbbcccc.vscode.sbx';
const script = path.join(import.meta.dirname, 'pipeServer.mjs');

/** What a user may have set for all hosts, each line of which would break our connections. */
const hostile = `Host *
  HostName evil.example
  HostKeyAlias evil
  Port 2222
  User evil
  ProxyJump bastion
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  HostKeyAlgorithms rsa-sha2-512
  KexAlgorithms ecdh-sha2-nistp256
  Ciphers aes256-cbc
  MACs hmac-sha1
  CanonicalizeHostname always
  CanonicalDomains evil.example
  PreferredAuthentications publickey
  IdentityAgent /nowhere/agent
  IdentityFile /nowhere/key
  IdentitiesOnly no
  ForwardAgent yes
  RequestTTY force
  RemoteCommand tmux
  PermitLocalCommand yes
  LocalCommand touch /nowhere/x
  ControlMaster auto
  ControlPath /nowhere/%C
  ControlPersist yes
  ProxyUseFdpass yes
  ClearAllForwardings yes
  VerifyHostKeyDNS yes
  Compression yes
  ServerAliveInterval 1
  ServerAliveCountMax 1
  LogLevel QUIET
`;

describe('ssh with our configuration', () => {
  before(function () {
    requireTool(this, 'ssh');
  });
  const temp = useTempDir();
  const configFile = (): string => path.join(temp.path, '.ssh', 'config');
  const runDir = (): string => path.join(temp.path, 'run $dir');
  const launcher = (): { runtimes: string[]; script: string; runDir: string } => ({
    runtimes: ['/nowhere/code', process.execPath],
    script,
    runDir: runDir(),
  });
  const create = (home?: string): SshConfig =>
    new SshConfig({
      sshDir: path.join(temp.path, '.ssh'),
      editor: 'vscode',
      launcher: launcher(),
      customConfigFile: configFile(),
      ...(home && { home }),
    });
  /** Provisions the alias into host files and lets the stand-in for the connection show its key. */
  const provision = async (hosts: HostFiles): Promise<void> => {
    const vault = new Vault({
      secrets: new MemorySecretStore(),
      publicKeysDir: path.join(temp.path, 'keys'),
      log: silentLogger,
    });
    const keys = await new Provisioner({ vault, hosts }).provision([alias]);
    mkdirSync(runDir(), { recursive: true });
    writeFileSync(path.join(runDir(), 'hostKey'), keys.get(alias)!.host.privateKey);
  };
  const install = async (userConfig: string): Promise<SshConfig> => {
    const config = create();
    await provision(config.hosts);
    writeFileSync(configFile(), userConfig, { mode: 0o600 });
    await config.include();
    return config;
  };
  const ssh = async (file: string, host = alias): Promise<string> =>
    (await run('ssh', ['-F', file, host, 'hello'], { timeout: 10_000 })).stdout;

  it('connects, with no question asked', async () => {
    await install('');
    assert.equal(await ssh(configFile()), `${alias}: hello\n`);
  });

  it('connects whatever the user has set for all hosts', async () => {
    const config = await install(hostile);
    assert.equal(await ssh(configFile()), `${alias}: hello\n`);
    assert.deepEqual(await config.verify(alias), []);
  });

  it('leaves the user’s other hosts as they were', async () => {
    await install(hostile);
    const [ours, theirs] = [configFile(), path.join(temp.path, 'untouched')];
    writeFileSync(theirs, hostile);
    const options = async (file: string): Promise<string> =>
      (await run('ssh', ['-G', '-F', file, 'example.org'])).stdout;
    assert.equal(await options(ours), await options(theirs));
  });

  it('works on its own, without the user’s file', async () => {
    const hosts = new HostFiles({
      dir: path.join(temp.path, 'a run'),
      editor: 'start',
      launcher: launcher(),
    });
    await provision(hosts);
    await hosts.add([{ alias: 'x-aaaabbbbcccc.start.sbx', hostKey: hostKeyOf(hosts) }]);
    assert.equal(
      await ssh(hosts.configFile, 'x-aaaabbbbcccc.start.sbx'),
      'x-aaaabbbbcccc.start.sbx: hello\n',
    );
  });

  it('works where the file system of the home folder lets nothing be executed', async () => {
    await install('');
    // What a mount with noexec refuses is refused without the permission too.
    chmodSync(path.join(temp.path, '.ssh', 'cloud-sandboxes', 'vscode-connect'), 0o600);
    assert.equal(await ssh(configFile()), `${alias}: hello\n`);
  });

  for (const folder of ['with blanks', '100% %n %h', "o'brien & (co); x", 'jürgen-ü']) {
    it(`works in a folder called ${folder}`, async () => {
      const hosts = new HostFiles({
        dir: path.join(temp.path, folder, 'c'),
        editor: 'vscode',
        launcher: launcher(),
      });
      await provision(hosts);
      assert.equal(await ssh(hosts.configFile), `${alias}: hello\n`);
    });
  }

  for (const shell of ['/bin/dash', '/bin/bash']) {
    it(`works with ${shell} as the user’s shell`, async () => {
      await install('');
      const env = { ...process.env, SHELL: shell };
      const { stdout } = await run('ssh', ['-F', configFile(), alias, 'hello'], { env, timeout: 10_000 });
      assert.equal(stdout, `${alias}: hello\n`);
    });
  }

  it('refuses a server that shows another key', async () => {
    await install('');
    const other = await new Vault({
      secrets: new MemorySecretStore(),
      publicKeysDir: path.join(temp.path, 'other'),
      log: silentLogger,
    }).provision(alias);
    writeFileSync(path.join(runDir(), 'hostKey'), other.host.privateKey);
    await assert.rejects(ssh(configFile()), { code: 255, stderr: /HOST IDENTIFICATION HAS CHANGED/ });
  });

  it('says what to do for a sandbox that is gone, without asking DNS', async () => {
    await install('');
    const gone = 'gone-aaaabbbbcccc.vscode.sbx';
    await assert.rejects(ssh(configFile(), gone), { code: 255, stderr: /refresh the list in the side bar/ });
  });

  it('never lets a shell see a host name that somebody else chose', async () => {
    await install('');
    const marker = path.join(temp.path, 'marker');
    await assert.rejects(ssh(configFile(), `x$(touch\t${marker})\`touch\t${marker}\`.vscode.sbx`));
    assert.throws(() => readFileSync(marker), { code: 'ENOENT' });
  });

  it('finds everything by the home folder of the password database, whatever HOME says', async function () {
    requireTool(this, 'bwrap');
    const config = create(temp.path);
    await provision(config.hosts);
    await config.include();
    assert.match(readFileSync(config.hosts.configFile, 'utf8'), /UserKnownHostsFile ~\/\.ssh\//);
    const inside = ['--dev-bind', '/', '/', '--bind', temp.path, sshHome(), '--setenv', 'HOME', '/nowhere'];
    const { stdout } = await run('bwrap', [...inside, 'ssh', alias, 'hello'], { timeout: 10_000 });
    assert.equal(stdout, `${alias}: hello\n`);
  });

  describe('verify', () => {
    it('tells which line of the user wins when it stands above ours', async () => {
      const config = await install('');
      const above = 'Host *\n  ProxyJump bastion\n  ControlMaster auto\n  ControlPath /tmp/%C\n';
      writeFileSync(configFile(), above + readFileSync(configFile(), 'utf8'));
      const mismatches = await config.verify(alias);
      assert.deepEqual(
        mismatches.map(({ keyword, winner }) => [keyword, winner?.line, winner?.text]),
        [
          ['ProxyCommand', 2, 'ProxyJump bastion'],
          ['ControlMaster', 3, 'ControlMaster auto'],
          ['ControlPath', 4, 'ControlPath /tmp/%C'],
        ],
      );
      await config.include();
      assert.deepEqual(await config.verify(alias), []);
    });

    it('notices that our line is missing', async () => {
      const config = await install('');
      writeFileSync(configFile(), '');
      assert.ok((await config.verify(alias)).some(({ keyword }) => keyword === 'ProxyCommand'));
    });

    it('quotes what ssh says of a line that it does not know', async () => {
      const config = await install('Host mine\n  Nonsense yes\n');
      await assert.rejects(config.verify(alias), { code: 'ssh-failed', message: /nonsense/i });
    });

    it('tells of a file that ssh refuses, and our next write repairs it', async () => {
      const config = await install('');
      chmodSync(config.hosts.configFile, 0o666);
      await assert.rejects(config.verify(alias), { code: 'ssh-failed', message: /Bad owner or permissions/ });
      await config.hosts.add([]);
      assert.deepEqual(await config.verify(alias), []);
    });

    it('says so when there is no ssh', async () => {
      const config = new SshConfig({
        sshDir: path.join(temp.path, '.ssh'),
        editor: 'vscode',
        launcher: launcher(),
        sshPath: '/nowhere/ssh',
      });
      await config.hosts.add([]);
      await assert.rejects(config.verify(alias), {
        code: 'ssh-failed',
        message: /install an OpenSSH client/,
      });
    });
  });

  function hostKeyOf(hosts: HostFiles): string {
    const text = readFileSync(hosts.configFile.replace(/\.config$/, '.known_hosts'), 'utf8');
    return text.trim().split(' ').slice(1).join(' ');
  }
});
