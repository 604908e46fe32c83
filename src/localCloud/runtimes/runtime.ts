/** What runs the local cloud's boxes. Three implementations: containers, bubblewrap namespaces, plain processes. */
import type { Readable } from 'node:stream';
import type { HostProcess } from '../../processes/hostProcess';

export type RuntimeName = 'docker' | 'bubblewrap' | 'process';

/** What a runtime needs to know of a box. The server's store owns it and keeps it on disk. */
export interface BoxSpec {
  readonly id: string;
  /** Host name inside the box: made from the id or name, `[a-z0-9-]`, 63 characters at most. */
  readonly hostname: string;
  /** Folder of this box alone, private to the user, removed with the box. */
  readonly dir: string;
  readonly image?: string;
  /** {@link Runtime.place} of the runtime that made it. */
  readonly place?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** False: the box has a loopback interface only. */
  readonly network: boolean;
  readonly cpus?: number;
  readonly memoryMib?: number;
}

export interface ExecSpec {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** Present: the command runs in a pseudo-terminal of that size. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

/** A command that runs in a box. */
export type BoxProcess = HostProcess;

export interface Runtime {
  readonly name: RuntimeName;
  /** Shown with every box of this runtime when it does not isolate; absent otherwise. */
  readonly notice?: string;
  /** Where what keeps the boxes is, if there may be several such, each with boxes of its own. */
  readonly place?: string;
  /** Prepares what a box keeps between runs. `signal` may end what takes long; then it rejects. */
  create(box: BoxSpec, signal?: AbortSignal): Promise<void>;
  /** Resolves once commands can run. Starting a running box is not an error. */
  start(box: BoxSpec): Promise<void>;
  /** Ends every process of the box; gone when it resolves. Stopping a stopped box is not an error. */
  stop(box: BoxSpec): Promise<void>;
  isRunning(box: BoxSpec): Promise<boolean>;
  /** Removes all that {@link create} and the box itself made. */
  remove(box: BoxSpec): Promise<void>;
  exec(box: BoxSpec, spec: ExecSpec): Promise<BoxProcess>;
  /** Unpacks a tar stream into a folder of the running box. */
  putArchive(box: BoxSpec, path: string, tar: Readable): Promise<void>;
  /** Packs a file or folder of the running box. */
  getArchive(box: BoxSpec, path: string): Promise<Readable>;
}
