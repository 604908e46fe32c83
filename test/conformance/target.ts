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
import { SandboxOverSsh, type TestSandboxOptions } from '../helpers/sandboxOverSsh';
import { startServers, type ServerAddresses } from '../helpers/sandboxServers';
import { SshdHost } from '../helpers/sshd';
import type { SshHost } from '../helpers/sshHost';
import { see, type BackendName, type Case, type Seen } from './case';

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
export class Side {
  private constructor(
    private readonly sandbox: SandboxOverSsh,
    private readonly host: SshHost,
    private readonly servers: ServerAddresses,
    private readonly home: string,
  ) {}

  static async open(
    options: TestSandboxOptions,
    serve: (sandbox: SandboxOverSsh) => Promise<SshHost>,
  ): Promise<Side> {
    const sandbox = await SandboxOverSsh.open(options);
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

/** Our bridge into a sandbox, by one of its backends. Its owner closes it. */
export function openBridge(backend: BackendName): Promise<Side> {
  return Side.open({ runtime: 'bubblewrap', backend }, (sandbox) => Promise.resolve(sandbox));
}

/** The sshd, and what each case has seen of it: once, for all backends. */
export class Reference {
  readonly #seen = new Map<Case, Promise<Seen>>();
  #side: Side | undefined;

  async open(): Promise<void> {
    this.#side = await Side.open({ runtime: 'bubblewrap' }, (sandbox) =>
      SshdHost.start(sandbox, SSHD_SETTINGS),
    );
  }

  see(one: Case): Promise<Seen> {
    if (!this.#side) throw new Error('The sshd has not been started');
    let seen = this.#seen.get(one);
    if (!seen) {
      seen = see(one, this.#side.target());
      this.#seen.set(one, seen);
    }
    return seen;
  }

  async close(): Promise<void> {
    await this.#side?.close();
  }
}
