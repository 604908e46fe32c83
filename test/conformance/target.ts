/**
 * What the cases run against: a real sshd in a sandbox, and our bridge into an identical sandbox.
 *
 * Each of the two is a bubblewrap sandbox of a local cloud of its own, made in the same way: this computer's /usr as
 * the root, an /etc, a /tmp and a home of its own, the user root in /root with bash, this computer's network. One
 * runs sshd, with the privileges that any command has there; the other runs nothing. So home, PATH, shell, rights
 * and programs are equal; what the cloud adds to the environment of a command (LANG) sshd does not.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { SandboxOverSsh } from '../helpers/sandboxOverSsh';
import { startServers, type ServerAddresses } from '../helpers/sandboxServers';
import { SshdHost } from '../helpers/sshd';
import type { SshHost } from '../helpers/sshHost';

/** More sessions than the default of 10, any variable (our bridge has no such bounds), no line about the last login. */
const SSHD_SETTINGS = [
  'MaxSessions 100',
  'MaxStartups 100',
  'AcceptEnv *',
  'PrintLastLog no',
  'Subsystem sftp /usr/lib/openssh/sftp-server',
];

/** One way to the sandbox, and fresh folders for one case. */
export interface Target {
  readonly host: SshHost;
  /** In the sandbox. */
  readonly servers: ServerAddresses;
  /** An empty folder of this computer, with a path that is short enough for Unix sockets. */
  readonly dir: string;
  /** The folder `work` in the sandbox's home, empty, as this computer sees it. */
  readonly work: string;
}

/** One sandbox with the server that leads into it. */
class Side {
  private constructor(
    private readonly sandbox: SandboxOverSsh,
    private readonly host: SshHost,
    private readonly servers: ServerAddresses,
    private readonly home: string,
  ) {}

  static async open(serve: (sandbox: SandboxOverSsh) => Promise<SshHost>): Promise<Side> {
    const sandbox = await SandboxOverSsh.open({ runtime: 'bubblewrap' });
    try {
      const host = await serve(sandbox);
      // A box's home is a folder of this computer: effects are read without a connection of their own.
      const home = path.join(sandbox.dir, 'cloud', 'boxes', sandbox.sandbox.id, 'home');
      return new Side(sandbox, host, await startServers(host), home);
    } catch (error) {
      await sandbox.close();
      throw error;
    }
  }

  target(): Target {
    const work = path.join(this.home, 'work');
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    const dir = mkdtempSync(path.join(this.sandbox.dir, 'c-'));
    return { host: this.host, servers: this.servers, dir, work };
  }

  async close(): Promise<void> {
    await this.host.endChildren();
    await this.sandbox.close();
  }
}

/** The two sides that are compared. Its owner closes it. */
export class Comparison {
  private constructor(
    private readonly sshd: Side,
    private readonly bridge: Side,
  ) {}

  static async open(): Promise<Comparison> {
    const [sshd, bridge] = await Promise.allSettled([
      Side.open((sandbox) => SshdHost.start(sandbox, SSHD_SETTINGS)),
      Side.open((sandbox) => Promise.resolve(sandbox)),
    ]);
    if (sshd.status === 'fulfilled' && bridge.status === 'fulfilled') {
      return new Comparison(sshd.value, bridge.value);
    }
    for (const side of [sshd, bridge]) if (side.status === 'fulfilled') await side.value.close();
    throw (sshd.status === 'rejected' ? sshd : (bridge as PromiseRejectedResult)).reason;
  }

  /** Fresh targets for one case. */
  targets(): { sshd: Target; bridge: Target } {
    return { sshd: this.sshd.target(), bridge: this.bridge.target() };
  }

  async close(): Promise<void> {
    await Promise.all([this.sshd.close(), this.bridge.close()]);
  }
}
