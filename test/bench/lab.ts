import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { findByEnvironment } from '../../src/processes/procfs';
import { eventually } from '../helpers/eventually';
import { SandboxOverSsh } from '../helpers/sandboxOverSsh';
import { SshdHost } from '../helpers/sshd';
import { endChild } from '../helpers/sshHost';
import { packageExtension } from '../vscode/host/extension';
import { agreedAlgorithms } from './algorithms';
import type { OurBackend } from './backends';
import { Unavailable } from './bench';
import { buildBundles } from './bundles';
import type { CleanUps } from './cleanUps';
import { Editor } from './measures/editor';
import type { ServerPorts } from './measures/forwards';
import { WorkbenchServer } from './measures/workbench';
import { commandLineOf, descendantsOf, findProcesses, nameOf } from './procfs';
import { SshTarget, type ServerProcesses } from './target';

/** Sandboxes of ours, alike but for the backend, and the sshd in one of them. */
export interface Contenders {
  readonly ours: Readonly<Record<OurBackend, SshTarget>>;
  readonly sshd: SshTarget;
  /** sshd held to the key exchange, cipher and MAC that our bridge agrees on, so that only the servers differ. */
  readonly sameAlgorithms: SshTarget;
  /** TCP port of sshd. */
  readonly sshdPort: number;
  /** File of sshd_config(5). */
  readonly sshdConfig: string;
}

/**
 * A bash that sshd starts reads ~/.bashrc for every command, unless another shell started it (bash(1), INVOCATION).
 * What the user of this computer has in theirs is no matter of SSH; the sandbox's home, which our commands get, has
 * none.
 */
const SSHD_SETTINGS = ['SetEnv SHLVL=1'];

/** What benches share, each part made when it is first asked for. */
export class Lab {
  #bundles: string | undefined;
  #contenders: Promise<Contenders> | undefined;
  #ports: Promise<ServerPorts> | undefined;
  #vsix: Promise<string> | undefined;
  #editor: Promise<Editor> | undefined;
  #workbench: Promise<WorkbenchServer> | undefined;

  constructor(
    /** Undoes what was made. */
    readonly cleanUps: CleanUps,
    /** Shows progress to the person at the terminal. */
    readonly say: (text: string) => void,
  ) {}

  /** Folder of the bundles as they are shipped. */
  bundles(): string {
    this.#bundles ??= buildBundles();
    return this.#bundles;
  }

  contenders(): Promise<Contenders> {
    this.#contenders ??= this.#open();
    return this.#contenders;
  }

  /** Servers to forward connections to; a sandbox of plain processes has the loopback interface of this computer. */
  ports(): Promise<ServerPorts> {
    this.#ports ??= this.#serve();
    return this.#ports;
  }

  /** The extension as it is shipped. */
  vsix(): Promise<string> {
    this.#vsix ??= packageExtension(this.folder());
    return this.#vsix;
  }

  editor(): Promise<Editor> {
    this.#editor ??= Editor.start(this);
    return this.#editor;
  }

  workbench(): Promise<WorkbenchServer> {
    this.#workbench ??= WorkbenchServer.start(this);
    return this.#workbench;
  }

  /** A sandbox with a local cloud of its own. */
  async sandbox(backend: OurBackend): Promise<SandboxOverSsh> {
    // Plain processes: sshd needs privileges that a bubblewrap sandbox rightly withholds.
    const sandbox = await SandboxOverSsh.open({ runtime: 'process', backend, bundles: this.bundles() });
    this.cleanUps.add(() => sandbox.close());
    return sandbox;
  }

  folder(): string {
    return mkdtempSync(path.join(os.tmpdir(), 'l-'));
  }

  async #open(): Promise<Contenders> {
    if (!existsSync('/usr/sbin/sshd')) throw new Unavailable('sshd is missing (Debian: openssh-server)');
    const sandbox = await this.sandbox('exec');
    const host = await SshdHost.start(sandbox, SSHD_SETTINGS);
    const listener = await eventually(() => onlyOne(findProcesses('sshd', sandbox.dir)));
    const sshd = new SshTarget(host, processesOfSshd(listener), sandbox.dir);
    return {
      ours: {
        exec: sshTargetOf(sandbox, 'exec', listener),
        agent: sshTargetOf(await this.sandbox('agent'), 'agent'),
      },
      sshd,
      sameAlgorithms: sshd.with(...(await agreedAlgorithms(sandbox))),
      sshdPort: Number(findIn(readFileSync(host.configFile, 'utf8'), /^ *Port (\d+)$/m)),
      sshdConfig: findIn(commandLineOf(listener), / -f (\S+)/),
    };
  }

  async #serve(): Promise<ServerPorts> {
    const script = path.resolve('test/bench/servers.mjs');
    const servers = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.cleanUps.add(() => endChild(servers));
    const [line] = (await once(createInterface(servers.stdout), 'line')) as [string];
    return JSON.parse(line) as ServerPorts;
  }
}

/** `sshd`: an sshd in the sandbox whose processes are not ours. */
export function sshTargetOf(sandbox: SandboxOverSsh, backend: OurBackend, sshd?: number): SshTarget {
  const servers = backend === 'agent' ? processesOfAgent(sandbox) : processesOfExec(sandbox, sshd);
  return new SshTarget(sandbox, servers, sandbox.dir);
}

/** The connection is a child of its ssh, the local cloud's other children are commands. */
function processesOfExec(sandbox: SandboxOverSsh, sshd: number | undefined): ServerProcesses {
  return {
    ofConnections: (clients) => descendantsOf(clients),
    all: (clients) => {
      const others = new Set(sshd === undefined ? [] : [sshd, ...descendantsOf([sshd])]);
      return [...descendantsOf(clients), ...processesOfCloud(sandbox)].filter((pid) => !others.has(pid));
    },
  };
}

/** One more process for each connection, in the sandbox, joins it with the agent, whose children are commands. */
function processesOfAgent(sandbox: SandboxOverSsh): ServerProcesses {
  // The agent is nobody's child: it outlives the connection that has started it.
  const inside = (): number[] => findByEnvironment(`CLOUD_SANDBOXES_BOX=${sandbox.sandbox.id}`);
  return {
    ofConnections: (clients) => [
      ...descendantsOf(clients),
      ...inside().filter((pid) => /pipes\.sock|\/agent\.js attach /.test(commandLineOf(pid))),
    ],
    all: (clients) => [...new Set([...descendantsOf(clients), ...processesOfCloud(sandbox), ...inside()])],
  };
}

function processesOfCloud({ server }: SandboxOverSsh): number[] {
  const cloud = server.process.pid!;
  return [cloud, ...descendantsOf([cloud])];
}

/** One process for each connection, two for a user other than root. The one that listens has nothing to do. */
function processesOfSshd(listener: number): ServerProcesses {
  return {
    ofConnections: () => descendantsOf([listener]).filter((pid) => nameOf(pid).startsWith('sshd')),
    all: () => descendantsOf([listener]),
  };
}

function findIn(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`No ${String(pattern)} in ${text}`);
  return found;
}

function onlyOne(pids: readonly number[]): number {
  const [pid] = pids;
  if (pid === undefined || pids.length > 1) throw new Error(`Not one sshd, but ${pids.length}`);
  return pid;
}
