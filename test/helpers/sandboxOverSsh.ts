/** A sandbox of a real local cloud, reached by the real OpenSSH clients through the bundled connection. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as pty from '@lydell/node-pty';
import { silentLogger } from '../../src/base/logger';
import type { ConnectionState } from '../../src/broker/protocol';
import { providerOf } from '../../src/cloud/registry';
import type { CloudClient, CreateOptions, Endpoint, Sandbox, TerminalSize } from '../../src/cloud/provider';
import type { RuntimeName } from '../../src/localCloud/runtimes/runtime';
import { serveSandbox, type ServedSandbox } from '../../src/start/serveSandbox';
import { eventually } from './eventually';
import { LocalCloudServer } from './localCloud';
import { readAll } from './remoteProcess';

const distDir = path.resolve('dist');

/** What a program that ran to its end has left. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface TestSandboxOptions extends CreateOptions {
  readonly runtime: RuntimeName;
  /** Whether connections may start the sandbox; they may unless told. */
  readonly mayStart?: boolean;
}

export class SandboxOverSsh {
  readonly states: ConnectionState[] = [];

  #server: LocalCloudServer;
  #served: ServedSandbox | undefined;
  readonly #children = new Set<ChildProcess>();

  private constructor(
    server: LocalCloudServer,
    readonly client: CloudClient,
    readonly endpoint: Endpoint,
    readonly sandbox: Sandbox,
    readonly dir: string,
  ) {
    this.#server = server;
  }

  /** Starts a local cloud of its own with one sandbox. */
  static async open({ runtime, mayStart = true, ...create }: TestSandboxOptions): Promise<SandboxOverSsh> {
    // Short, because a Unix socket goes into it.
    const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
    const server = await LocalCloudServer.start({
      stateDir: path.join(dir, 'cloud'),
      args: ['--runtime', runtime],
    });
    const endpoint = { provider: 'boxlite', baseUrl: server.ready.url, token: server.api.token };
    const client = providerOf(endpoint.provider).connect(endpoint, silentLogger);
    const sandbox = await client.create(create);
    await client.start(sandbox.id);
    const opened = new SandboxOverSsh(server, client, endpoint, sandbox, dir);
    await opened.serve(mayStart);
    return opened;
  }

  get server(): LocalCloudServer {
    return this.#server;
  }

  /** Starts the local cloud again, once it has ended: at the same address, with the same sandboxes. */
  async restartServer(): Promise<void> {
    const { url, runtime } = this.#server.ready;
    this.#server = await LocalCloudServer.start({
      stateDir: path.join(this.dir, 'cloud'),
      args: ['--runtime', runtime, '--port', new URL(url).port],
    });
  }

  get alias(): string {
    return this.#mustBeServed().alias;
  }

  get configFile(): string {
    return this.#mustBeServed().configFile;
  }

  /** Provisions anew and serves grants. */
  async serve(mayStart: boolean): Promise<void> {
    this.stopServing();
    // Public keys without their secrets would be waited for: as if another window were about to store them.
    rmSync(path.join(this.dir, 'run', 'keys'), { recursive: true, force: true });
    this.#served = await serveSandbox({
      endpoint: this.endpoint,
      sandbox: this.sandbox,
      mayStart,
      runDir: path.join(this.dir, 'run'),
      distDir,
      onState: (state) => this.states.push(state),
      log: silentLogger,
    });
  }

  /** Ends the broker, as closing the window does. */
  stopServing(): void {
    this.#served?.dispose();
  }

  /** Starts a program such as ssh, scp or sftp with our configuration. Ended with the sandbox, if not before. */
  spawn(program: string, args: readonly string[], options?: SpawnOptions): ChildProcess {
    return this.#spawn(program, ['-F', this.configFile, ...args], options);
  }

  #spawn(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(program, args, options);
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  /** Runs a program such as ssh with our configuration to its end; `input` is all of its stdin. */
  run(program: string, args: readonly string[], input: string | Buffer = ''): Promise<Outcome> {
    return this.runPlain(program, ['-F', this.configFile, ...args], input);
  }

  /** Runs a program that has its own way to be given a configuration. */
  async runPlain(program: string, args: readonly string[], input: string | Buffer = ''): Promise<Outcome> {
    const child = this.#spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin!.on('error', () => undefined); // it may end without reading all
    child.stdin!.end(input);
    const [stdout, stderr, [code, signal]] = await Promise.all([
      readAll(child.stdout!),
      readAll(child.stderr!),
      once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    return { code, signal, stdout, stderr: stderr.toString() };
  }

  /** Runs a command line in the sandbox. */
  ssh(command: string, input: string | Buffer = ''): Promise<Outcome> {
    return this.run('ssh', [this.alias, command], input);
  }

  /** Opens an interactive ssh on a terminal of this computer. Its owner ends it. */
  openTerminal({ columns, rows }: TerminalSize, args: readonly string[] = []): Terminal {
    return new Terminal(
      pty.spawn('ssh', ['-F', this.configFile, '-tt', this.alias, ...args], {
        name: 'xterm-test',
        cols: columns,
        rows,
        env: { ...process.env, TERM: 'xterm-test' },
      }),
    );
  }

  async close(): Promise<void> {
    for (const child of this.#children) await endChild(child);
    this.stopServing();
    this.client.dispose();
    await this.#server.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #mustBeServed(): ServedSandbox {
    if (!this.#served) throw new Error('The sandbox is not served');
    return this.#served;
  }
}

/** Ends a child process, if it has not ended, and waits until it has. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** An ssh on a terminal, as a person at the keyboard sees it. */
export class Terminal {
  #screen = '';
  readonly exited: Promise<number>;

  constructor(readonly pty: pty.IPty) {
    pty.onData((data) => (this.#screen += data));
    this.exited = new Promise((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  }

  /** All that was shown so far. */
  get screen(): string {
    return this.#screen;
  }

  type(keys: string): void {
    this.pty.write(keys);
  }

  /** Waits until the screen shows it. */
  async shows(pattern: RegExp): Promise<void> {
    await eventually(() => assert.match(this.#screen, pattern));
  }
}

/** A sandbox for all tests of the suite it is called in. */
export function useSandbox(
  options: TestSandboxOptions,
  setUp?: (context: Mocha.Context) => void,
): { readonly current: SandboxOverSsh } {
  let opened: SandboxOverSsh | undefined;
  before(async function () {
    setUp?.(this);
    opened = await SandboxOverSsh.open(options);
  });
  after(() => opened?.close());
  return {
    get current() {
      if (!opened) throw new Error('The sandbox is open in tests only');
      return opened;
    },
  };
}
