import { type Duplex, type Readable, Writable } from 'node:stream';
import { createDeferred } from '../../base/async';
import { describeErrorChain } from '../../base/errors';
import type { Logger } from '../../base/logger';
import type { Engine } from './dockerEngine';
import { type AttachedExec, exitCodeOf, resizeExec, runToEnd } from './dockerExec';
import { killSessionCommand, signalCommand } from './dockerScripts';
import type { Execution } from './runtime';

const SIGKILL = 9;
const MAX_SIGNAL = 64;
const MAX_PENDING_SIGNALS = 32;

/**
 * A command in a container. The engine reports the end by signal n as the code 128 + n, as a shell does for its
 * child; that is passed on as it is, unless the signal came through this object: then it is known to be one.
 * Its streams end at the latest two seconds after the command, even if a background process keeps them open: the
 * engine cuts them.
 */
export class DockerExecution implements Execution {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Never rejects: a command whose engine went away, or whose container was removed, counts as killed. */
  readonly exited: Promise<number>;
  readonly #sent = new Set<number>();
  readonly #killed = createDeferred<undefined>();
  #signals = Promise.resolve();
  #pendingSignals = 0;
  #killing = false;
  #size: { readonly columns: number; readonly rows: number } | undefined;
  #resizing = false;

  constructor(
    private readonly engine: Engine,
    private readonly container: string,
    private readonly attached: AttachedExec,
    private readonly log: Logger,
  ) {
    this.stdin = new ExecInput(attached.connection);
    this.stdout = attached.stdout;
    this.stderr = attached.stderr;
    this.exited = this.#settle();
  }

  /** Only the latest of sizes that come faster than the engine takes them counts. */
  resize(columns: number, rows: number): void {
    this.#size = { columns, rows };
    if (!this.#resizing) void this.#applySizes();
  }

  signal(number: number): void {
    if (!Number.isInteger(number) || number < 1 || number > MAX_SIGNAL) return;
    if (this.#pendingSignals >= MAX_PENDING_SIGNALS) {
      this.log.warn(`Dropped signal ${number}: ${MAX_PENDING_SIGNALS} are waiting for the container engine`);
      return;
    }
    this.#pendingSignals++;
    this.#signals = this.#signals.then(() => this.#send(number));
  }

  kill(): void {
    if (this.#killing) return;
    this.#killing = true;
    this.#sent.add(SIGKILL);
    void this.#killSession();
  }

  async #settle(): Promise<number> {
    const { exec, disconnected } = this.attached;
    try {
      // After a kill the code is there even if nobody reads the output to its end.
      await Promise.race([disconnected.catch(() => undefined), this.#killed.promise]);
      const code = await exitCodeOf(exec);
      if (code === undefined) return -SIGKILL;
      return this.#sent.has(code - 128) ? 128 - code : code;
    } catch (error) {
      this.log.warn(`Killing a command whose connection broke: ${describeErrorChain(error)}`);
      this.kill();
      return -SIGKILL;
    }
  }

  async #applySizes(): Promise<void> {
    this.#resizing = true;
    while (this.#size) {
      const { columns, rows } = this.#size;
      this.#size = undefined;
      try {
        await resizeExec(this.attached.exec, columns, rows);
      } catch (error) {
        // The usual cause is a command that just ended.
        this.log.debug(`Cannot resize a terminal: ${describeErrorChain(error)}`);
      }
    }
    this.#resizing = false;
  }

  async #send(number: number): Promise<void> {
    this.#sent.add(number);
    try {
      await this.#runAsRoot(signalCommand(this.attached.pid, number));
    } catch (error) {
      this.log.debug(`Cannot send signal ${number}: ${describeErrorChain(error)}`);
    } finally {
      this.#pendingSignals--;
    }
  }

  async #killSession(): Promise<void> {
    try {
      await this.#runAsRoot(killSessionCommand(this.attached.pid));
    } catch (error) {
      // A box that stopped took the command with it.
      this.log.debug(`Cannot kill a command: ${describeErrorChain(error)}`);
    } finally {
      this.#killing = false;
      this.#killed.resolve(undefined);
    }
  }

  /** Root reaches what a command runs under another user. */
  async #runAsRoot(command: string[]): Promise<void> {
    await runToEnd(this.engine, this.container, { Cmd: command, User: '0' });
  }
}

/** A command's stdin. Its end is a half-close; what is written after the command ended is dropped. */
class ExecInput extends Writable {
  constructor(private readonly connection: Duplex) {
    super();
  }

  // Errors are not passed on: a broken connection shows as the end of the command.
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.connection.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.connection.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.connection.writableEnded) this.connection.end();
    done(error);
  }
}
