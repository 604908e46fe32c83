/** OpenSSH's own server in a sandbox: what our bridge is compared with. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { shellQuote } from '../../src/base/shell';
import { eventually } from './eventually';
import { connectTo, freePort } from './forwards';
import type { SandboxOverSsh } from './sandboxOverSsh';
import { SshHost } from './sshHost';

/** Each of them is named after its file in the folder of sshd's files, inside the sandbox. */
const FILES = ['host', 'authorized_keys', 'sshd_config'] as const;

/** An sshd that runs in a sandbox and is reached over loopback. */
export class SshdHost extends SshHost {
  readonly alias = 'sshd';

  private constructor(
    readonly port: number,
    private readonly dir: string,
  ) {
    super();
  }

  get configFile(): string {
    return path.join(this.dir, 'config');
  }

  /** As in a public key file. */
  get hostKey(): string {
    return readFileSync(path.join(this.dir, 'host.pub'), 'utf8');
  }

  /** Private key of who is let in. */
  get userKey(): string {
    return readFileSync(path.join(this.dir, 'user'), 'utf8');
  }

  /**
   * Starts sshd as a child of an ssh session, so that it ends with the sandbox. `settings` are lines of
   * sshd_config(5).
   */
  static async start(sandbox: SandboxOverSsh, settings: readonly string[] = []): Promise<SshdHost> {
    const dir = path.join(sandbox.dir, 'sshd');
    mkdirSync(dir);
    for (const key of ['host', 'user']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(dir, key)]);
    }
    const hostKey = readFileSync(path.join(dir, 'host.pub'), 'utf8');
    const port = await freePort();
    writeFileSync(path.join(dir, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}`);
    writeFileSync(path.join(dir, 'config'), clientConfig(dir, port));

    const home = (await sandbox.ssh('echo "$HOME"')).stdout.toString().trim();
    const inside = path.posix.join(home, '.sshd');
    writeFileSync(path.join(dir, 'sshd_config'), sshdConfig(inside, port, settings));
    writeFileSync(path.join(dir, 'authorized_keys'), readFileSync(path.join(dir, 'user.pub')));
    await sandbox.ssh(`mkdir -m 700 ${shellQuote(inside)}; mkdir -p /run/sshd`);
    for (const file of FILES) {
      const target = shellQuote(path.posix.join(inside, file));
      await sandbox.ssh(`umask 077; cat >${target}`, readFileSync(path.join(dir, file)));
    }
    // In the foreground: a daemon of its own session would outlive a sandbox of plain processes. Without the
    // environment of an SSH session, since a server has none.
    const command = `exec env -i /usr/sbin/sshd -D -f ${shellQuote(`${inside}/sshd_config`)} -E ${shellQuote(`${inside}/log`)}`;
    sandbox.spawn('ssh', [sandbox.alias, command], { stdio: 'ignore' });
    await eventually(async () => (await connectTo(port)).destroy());
    return new SshdHost(port, dir);
  }
}

function sshdConfig(dir: string, port: number, settings: readonly string[]): string {
  return [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${dir}/host`,
    `AuthorizedKeysFile ${dir}/authorized_keys`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    ...settings,
    '',
  ].join('\n');
}

function clientConfig(dir: string, port: number): string {
  return [
    'Host sshd',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${os.userInfo().username}`,
    `  IdentityFile ${dir}/user`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${dir}/known_hosts`,
    '  GlobalKnownHostsFile /dev/null',
    '',
  ].join('\n');
}
