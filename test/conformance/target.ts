/** What the cases run against: a sandbox, one way into it, and fresh folders for each case. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { BridgeHost } from '../helpers/bridgeHost';
import { CloudWithSshd } from '../helpers/cloudWithSshd';
import { startServers, type ServerAddresses } from '../helpers/sandboxServers';
import { SshdHost, type ReachedSandbox } from '../helpers/sshd';
import type { SshHost } from '../helpers/sshHost';
import { see, type Case, type Seen } from './case';

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

/** A sandbox and one way into it. Whoever opens it closes it. */
export interface Place<H extends SshHost = SshHost> {
  readonly host: H;
  /** A folder of this computer for what cases need there; its path is short. */
  readonly dir: string;
  /** The user's home in the sandbox, as this computer sees it: effects are read without a connection of their own. */
  readonly home: string;
  readonly close: () => Promise<void>;
}

/** Another way into the sandbox of a place, which it takes over. */
async function byWayOf<H extends SshHost & { close(): Promise<void> }>(
  place: Place,
  open: () => Promise<H>,
): Promise<Place<H>> {
  try {
    const host = await open();
    const close = (): Promise<void> => host.close().finally(place.close);
    return { ...place, host, close };
  } catch (error) {
    await place.close();
    throw error;
  }
}

/** By an sshd in the sandbox. `wayTo`: see {@link SshdHost.start}. */
export function bySshd(
  place: Place<ReachedSandbox>,
  wayTo?: (port: number) => Promise<number>,
): Promise<Place<SshdHost>> {
  return byWayOf(place, () => SshdHost.start(place.host, SSHD_SETTINGS, wayTo));
}

/** By our bridge before the sandbox's sshd. */
export function byBridge(place: Place<SshdHost>): Promise<Place<BridgeHost>> {
  return byWayOf(place, () => BridgeHost.open(() => new CloudWithSshd(place.host).createBackend()));
}

/** A place whose servers run: what cases need of one of the two that they compare. */
export class Side {
  private constructor(
    private readonly place: Place,
    private readonly servers: ServerAddresses,
  ) {}

  /** Takes the place over. */
  static async open(place: Place): Promise<Side> {
    try {
      return new Side(place, await startServers(place.host));
    } catch (error) {
      await place.close();
      throw error;
    }
  }

  target(): Target {
    const { host, dir, home } = this.place;
    const work = path.join(home, 'work');
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    return { host, servers: this.servers, dir: mkdtempSync(path.join(dir, 'c-')), work };
  }

  async close(): Promise<void> {
    await this.place.close();
  }
}

/** The sshd, and what each case has seen of it: once, for all backends. */
export class Reference {
  readonly #seen = new Map<Case, Promise<Seen>>();
  #side: Side | undefined;

  async open(place: Place): Promise<void> {
    this.#side = await Side.open(place);
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
