import { type Readable, Writable } from 'node:stream';
import { createDeferred } from '../../base/async';
import { describeErrorChain } from '../../base/errors';
import type { Logger } from '../../base/logger';
import type { Engine } from './dockerEngine';
import { engineMessage, hasStatus } from './dockerErrors';
import { askInBox, type AttachedExec, exitCodeOf, resizeExec } from './dockerExec';
import { isEndedCommand, killSessionCommand, signalCommand } from './dockerScripts';
import type { BoxProcess } from './runtime';

/** Control-D: the default VEOF character of termios(3). */
const END_OF_INPUT = '\u0004';
const SIGKILL = 9;
const MAX_SIGNAL = 64;
const MAX_PENDING_SIGNALS = 32;
/** How often a command whose output nobody reads is looked at. */
const HELD_CHECK_MS = 2_000;

/**
 * A command in a container. The engine reports the end by signal n as the code 128 + n, as a shell does for its
 * child; that is passed on as it is, unless the signal came through this object: then it is known to be one.
 * Its streams end at the latest two seconds after the command, even if a background process keeps them open: the
 * engine cuts them.
 */
export class DockerProcess implements BoxProcess {
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
    this.stdin = new ExecInput(attached);
    this.stdout = attached.output.stdout;
    this.stderr = attached.output.stderr;
    this.exited = this.#settle();
    const heldCheck = setInterval(() => void this.#checkHeld(), HELD_CHECK_MS).unref();
    void attached.disconnected
      .catch(() => undefined)
      .then(() => {
        clearInterval(heldCheck);
        this.stdin.destroy();
      });
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

  /**
   * Call it before the box is stopped: what is unread would keep the engine from reporting the end of the box; see
   * {@link DockerProcess.#checkHeld}.
   */
  expectBoxToStop(): void {
    this.#sent.add(SIGKILL);
    this.attached.output.stopHolding();
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
      await this.#askAsRoot(signalCommand(this.attached.pid, number));
    } catch (error) {
      this.log.debug(`Cannot send signal ${number}: ${describeErrorChain(error)}`);
    } finally {
      this.#pendingSignals--;
    }
  }

  async #killSession(): Promise<void> {
    try {
      await this.#askAsRoot(killSessionCommand(this.attached.pid));
    } catch (error) {
      // A box that stopped took the command with it.
      this.log.debug(`Cannot kill a command: ${describeErrorChain(error)}`);
    } finally {
      this.#killing = false;
      this.attached.output.stopHolding();
      this.#killed.resolve(undefined);
    }
  }

  /**
   * While the last output of a command that ended is unread, the engine reports neither that end nor any other in the
   * box. So a command whose output is held is asked after; what is left of one that ended is taken in.
   */
  async #checkHeld(): Promise<void> {
    if (!this.attached.output.isHeld) return;
    try {
      if ((await this.#askAsRoot(isEndedCommand(this.attached.pid))) === 'ended')
        this.attached.output.stopHolding();
    } catch (error) {
      this.log.debug(`Cannot look after a command: ${describeErrorChain(error)}`);
      // A box that stopped took the command with it; one that is paused did not.
      if (hasStatus(error, 404, 409) && !/paused/i.test(engineMessage(error)))
        this.attached.output.stopHolding();
    }
  }

  /** Root reaches what a command runs under another user. */
  #askAsRoot(command: string[]): Promise<string> {
    return askInBox(this.engine, this.container, { Cmd: command, User: '0' });
  }
}

/** A command's stdin. What is written after the command ended is dropped. */
class ExecInput extends Writable {
  constructor(private readonly attached: AttachedExec) {
    super();
  }

  // Errors are not passed on: a broken connection shows as the end of the command.
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.attached.connection.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    const { connection, terminal } = this.attached;
    // The engine would take a half-close of a terminal for "nobody looks any more" and drop the output.
    if (terminal) connection.write(END_OF_INPUT, () => done());
    else connection.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.attached.terminal) this.attached.connection.end();
    done(error);
  }
}
