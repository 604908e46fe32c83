/** OpenSSH's own server in a sandbox: what our bridge is compared with. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { shellQuote } from '../../src/base/shell';
import { eventually } from './eventually';
import { connectTo, freePort } from './forwards';
import { SshHost } from './sshHost';

/** Each of them is named after its file in the folder of sshd's files, inside the sandbox. */
const FILES = ['host', 'authorized_keys', 'sshd_config'] as const;

/** A sandbox that can be reached in another way. */
export interface ReachedSandbox extends SshHost {
  /** A folder of this computer. */
  readonly dir: string;
}

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
   * sshd_config(5). `wayTo` gives the port of this computer that leads to one of the sandbox, where that is another.
   */
  static async start(
    sandbox: ReachedSandbox,
    settings: readonly string[] = [],
    wayTo = (inside: number): number | Promise<number> => inside,
  ): Promise<SshdHost> {
    const dir = path.join(sandbox.dir, 'sshd');
    mkdirSync(dir);
    for (const key of ['host', 'user']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(dir, key)]);
    }
    const hostKey = readFileSync(path.join(dir, 'host.pub'), 'utf8');
    const insidePort = await freePort();
    const port = await wayTo(insidePort);
    writeFileSync(path.join(dir, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}`);

    const [user = '', home = ''] = (await sandbox.ssh('id -un; echo "$HOME"')).stdout.toString().split('\n');
    writeFileSync(path.join(dir, 'config'), clientConfig(dir, { user, port }));
    const inside = path.posix.join(home, '.sshd');
    writeFileSync(path.join(dir, 'sshd_config'), sshdConfig(inside, insidePort, settings));
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
    await eventually(() => greetingOf(port));
    return new SshdHost(port, dir);
  }

  async close(): Promise<void> {
    await this.endChildren();
  }
}

/** Whether it answers: what leads to it may take connections that go nowhere. */
async function greetingOf(port: number): Promise<Buffer> {
  for await (const data of await connectTo(port)) return data as Buffer;
  throw new Error('sshd does not greet');
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

function clientConfig(dir: string, { user, port }: { user: string; port: number }): string {
  return [
    'Host sshd',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${user}`,
    `  IdentityFile ${dir}/user`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${dir}/known_hosts`,
    '  GlobalKnownHostsFile /dev/null',
    '',
  ].join('\n');
}
