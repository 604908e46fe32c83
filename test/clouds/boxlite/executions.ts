import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { PassThrough, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { RawData, WebSocket } from 'ws';
import type { BoxliteQuirks } from './options';

export interface ExecBody {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly working_dir?: string;
  readonly tty?: boolean;
}

/** Signals that BoxLite's servers pass on; 9 is refused. */
const ALLOWED_SIGNALS = new Set([1, 2, 3, 6, 10, 12, 15, 28]);
const HIGH_WATER_BYTES = 1024 * 1024;

/** One command, run as a process group of this computer. There is no terminal: sizes are only noted. */
export class StandInExecution {
  readonly controls: Record<string, unknown>[] = [];
  /** Exit code once it ended; negative for a signal. */
  exitCode: number | undefined;
  status: 'running' | 'completed' | 'killed' = 'running';
  wasKilled = false;
  #socket: WebSocket | undefined;
  #pings: NodeJS.Timeout | undefined;
  readonly #child: ChildProcess;
  // Piped from the start: Node drops what nobody has read when a child exits.
  readonly #stdout = new PassThrough();
  readonly #stderr = new PassThrough();

  constructor(
    readonly id: string,
    body: ExecBody,
    home: string,
    private readonly quirks: BoxliteQuirks,
  ) {
    this.#child = spawn(body.command, body.args ?? [], {
      env: { PATH: process.env['PATH'], HOME: home, ...body.env },
      detached: true,
      ...(body.working_dir ? { cwd: body.working_dir } : {}),
    });
    this.#child.stdout?.pipe(this.#stdout);
    this.#child.stderr?.pipe(this.#stderr);
    this.#child.on('error', () => this.#onExit(127));
    this.#child.on('exit', (code, signal) => this.#onExit(signal ? -constants.signals[signal] : (code ?? 0)));
    this.#child.stdin?.on('error', () => undefined);
  }

  get isAttached(): boolean {
    return this.#socket !== undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  attach(socket: WebSocket): void {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(this.#pings);
      this.#socket = undefined;
    });
    this.#pings = setInterval(() => socket.ping(), this.quirks.pingIntervalMs ?? 15_000);
    void this.#pump(socket);
  }

  /** Drops the attached socket without a close frame. */
  drop(): void {
    this.#socket?.terminate();
  }

  kill(): void {
    this.wasKilled = true;
    this.#signalGroup('SIGKILL');
  }

  /** False for a signal that is refused. */
  signal(number: number): boolean {
    const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
    if (!name || !ALLOWED_SIGNALS.has(number)) return false;
    this.#signalGroup(name as NodeJS.Signals);
    return true;
  }

  /** Puts frames on the wire that no command could cause. */
  inject(data: Buffer | string): void {
    this.#socket?.send(data);
  }

  async #pump(socket: WebSocket): Promise<void> {
    const exited = this.#waitForExit();
    const drained = Promise.all([
      this.#forward(this.#stdout, 1, socket),
      this.#forward(this.#stderr, 2, socket),
    ]);
    await exited;
    const drainMs = this.quirks.drainMs ?? 2_000;
    const timer = setTimeout(() => socket.close(1011, 'output pumps did not drain'), drainMs);
    await drained;
    clearTimeout(timer);
    if (socket.readyState !== socket.OPEN) return;
    socket.send(JSON.stringify({ type: 'exit', exit_code: this.exitCode }));
    socket.close(1000);
  }

  async #forward(stream: Readable, tag: number, socket: WebSocket): Promise<void> {
    const decoder = new StringDecoder('utf8');
    const encode = (chunk: Buffer): Buffer =>
      this.quirks.binaryOutput ? chunk : Buffer.from(decoder.write(chunk), 'utf8');
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (socket.readyState !== socket.OPEN) return;
      const sent = new Promise((resolve) => {
        socket.send(Buffer.concat([Buffer.of(tag), encode(chunk)]), resolve);
      });
      if (socket.bufferedAmount > HIGH_WATER_BYTES) await sent;
    }
  }

  #waitForExit(): Promise<void> {
    if (this.exitCode !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve());
    });
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    const { stdin } = this.#child;
    const bytes = data as Buffer;
    if (isBinary) {
      if (stdin?.write(bytes) === false) {
        this.#socket?.pause();
        stdin.once('drain', () => this.#socket?.resume());
      }
      return;
    }
    const control = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    this.controls.push(control);
    if (control['type'] === 'stdin_eof') stdin?.end();
    if (control['type'] === 'signal' && !this.signal(Number(control['sig']))) {
      this.#socket?.send(JSON.stringify({ type: 'error', message: 'signal not allowed' }));
    }
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The whole group is gone already.
    }
  }

  #onExit(code: number): void {
    this.exitCode = code;
    this.status = this.wasKilled ? 'killed' : 'completed';
  }
}
