/** What is measured: a sandbox as one kind of client reaches it. */
import { rmSync } from 'node:fs';
import * as path from 'node:path';
import { eventually } from '../helpers/eventually';
import { ForwardingSsh } from '../helpers/forwards';
import { isRunning } from '../helpers/processes';
import type { SshHost } from '../helpers/sshHost';

export interface CommandOptions {
  readonly terminal?: boolean;
}

/** A program with its arguments. */
export type Argv = readonly [string, ...string[]];

/** A place where command lines can be run. */
export interface Target {
  /** The local program that runs a line of sh there. */
  command(line: string, options?: CommandOptions): Argv;
}

/** The server's side of a connection. */
export interface ServerProcesses {
  /** The processes that there are for the connections of these ssh clients and would not be without. */
  ofConnections(clients: readonly number[]): number[];
  /** Those, the ones that serve all connections, and the commands that they run. */
  all(clients: readonly number[]): number[];
}

/** A server that the real ssh connects to. */
export class SshTarget implements Target {
  static #sessions = 0;

  constructor(
    readonly host: SshHost,
    readonly servers: ServerProcesses,
    private readonly dir: string,
    private readonly options: readonly string[] = [],
  ) {}

  command(line: string, { terminal = false }: CommandOptions = {}): Argv {
    return this.#ssh([terminal ? '-tt' : '-T', this.host.alias, line]);
  }

  /** The same server, reached with more options of ssh. */
  with(...options: readonly string[]): SshTarget {
    return new SshTarget(this.host, this.servers, this.dir, [...this.options, ...options]);
  }

  /** Opens a connection that stays; `options` may have forwards. */
  async open(...options: readonly string[]): Promise<Session> {
    const socket = path.join(this.dir, `m${++SshTarget.#sessions}`);
    const master = ['-o', 'ControlMaster=yes', '-o', `ControlPath=${socket}`];
    const ssh = await ForwardingSsh.open(this.host, [...this.options, ...master, ...options]);
    return new Session(this.with('-S', socket), ssh, socket);
  }

  #ssh(args: readonly string[]): Argv {
    return ['ssh', '-F', this.host.configFile, ...this.options, ...args];
  }
}

/** An open connection, on which commands get channels (ssh_config(5), ControlMaster). Its owner closes it. */
export class Session implements Target {
  constructor(
    private readonly target: SshTarget,
    private readonly ssh: ForwardingSsh,
    private readonly socket: string,
  ) {}

  /** Process id of the ssh that holds the connection. */
  get client(): number {
    return this.ssh.child.pid!;
  }

  command(line: string, options?: CommandOptions): Argv {
    return this.target.command(line, options);
  }

  /** Resolves once the processes of both sides have ended, so that they do not disturb what is measured next. */
  async close(): Promise<void> {
    const own = this.target.servers.ofConnections([this.client]);
    await this.ssh.close();
    rmSync(this.socket, { force: true });
    await eventually(() => {
      const left = own.filter(isRunning);
      if (left.length > 0) throw new Error(`Processes of a connection do not end: ${left.join(' ')}`);
    }, 20_000);
  }
}
