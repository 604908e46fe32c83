import { Writable } from 'node:stream';
import { createDeferred } from '../../base/async';
import { describeError } from '../../base/errors';
import { logFailure, type Logger } from '../../base/logger';
import { CloudError } from '../errors';
import { jsonOrText } from '../http';
import type { ExitStatus, RemoteProcess, SignalName, TerminalSize } from '../provider';
import { parseAnswer } from '../validate';
import { describeClose, type CloudWebSocket, type WebSocketClose } from '../websocket';
import type { Execution } from './execution';
import { Output } from './output';
import { exitFrameSchema } from './schemas';
import { exitStatusOf, signalNumber } from './signals';

/** Servers take frames of up to 1 MiB; smaller ones let keystrokes and pings through between them. */
const MAX_INPUT_FRAME_BYTES = 64 * 1024;
const INPUT_HIGH_WATER_BYTES = 256 * 1024;
/** First byte of a binary frame from the server. */
const STDOUT_TAG = 1;
const STDERR_TAG = 2;
const MAX_TERMINAL_SIZE = 65_535;
const ABNORMAL_CLOSURE = 1006;

/** A command in a box over one attached WebSocket, which it owns. */
export class BoxliteProcess implements RemoteProcess {
  readonly stdin: Writable;
  readonly stdout = new Output(() => this.#resumeIfRoom());
  readonly stderr = new Output(() => this.#resumeIfRoom());
  readonly #exited = createDeferred<ExitStatus>();
  /** Once true, how it ended is decided and nothing that the socket says matters. */
  #ended = false;

  constructor(
    private readonly execution: Execution,
    private readonly socket: CloudWebSocket,
    private readonly log: Logger,
  ) {
    this.stdin = this.#createInput();
    // A tick later, so that whoever asked for this process has its listeners attached before the first byte.
    setImmediate(() => {
      socket.listen({
        onMessage: (data, isBinary) => this.#onMessage(data, isBinary),
        onClose: (close) => logFailure(log, 'A command ended badly', this.#onClose(close)),
      });
    });
  }

  get exited(): Promise<ExitStatus> {
    return this.#exited.promise;
  }

  resize({ columns, rows }: TerminalSize): void {
    // SSH sends 0 for "unknown" (RFC 4254 section 6.2); the Box API's sizes begin at 1.
    if (this.#ended || columns < 1 || rows < 1) return;
    const [cols, lines] = [columns, rows].map((size) => Math.min(Math.floor(size), MAX_TERMINAL_SIZE));
    this.#control({ type: 'resize', cols, rows: lines });
  }

  signal(name: SignalName): void {
    if (this.#ended) return;
    // Servers refuse SIGKILL as a signal; it is what destroying an execution does.
    if (name === 'KILL') void this.execution.destroy();
    else logFailure(this.log, `Signal ${name} was not sent`, this.#sendSignal(signalNumber(name)));
  }

  /** Beside the socket where that is possible: in it, a signal waits behind input that the command does not read. */
  async #sendSignal(number: number): Promise<void> {
    const isSent = await this.execution.signal(number);
    if (!isSent && !this.#ended) this.#control({ type: 'signal', sig: number });
  }

  kill(): void {
    this.socket.terminate();
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy();
    if (this.#ended) return;
    this.#ended = true;
    void this.execution.destroy().then(() => this.#exited.resolve({ signal: 'KILL' }));
  }

  #createInput(): Writable {
    const input = new Writable({
      highWaterMark: INPUT_HIGH_WATER_BYTES,
      write: (chunk: Buffer, _encoding, done) => this.#sendInput(chunk, 0, done),
      final: (done) => {
        // Closing the socket is no end of input: it detaches, and the command waits on.
        if (!this.#ended) this.#control({ type: 'stdin_eof' });
        done();
      },
    });
    // As for the outputs: `exited` has the reason of a failure.
    input.on('error', () => undefined);
    return input;
  }

  #sendInput(chunk: Buffer, start: number, done: (error?: Error | null) => void): void {
    if (chunk.length === 0) {
      done();
      return;
    }
    const end = Math.min(start + MAX_INPUT_FRAME_BYTES, chunk.length);
    this.socket.send(chunk.subarray(start, end), (error) => {
      if (error || end === chunk.length) done(error);
      else this.#sendInput(chunk, end, done);
    });
  }

  #control(message: Readonly<Record<string, unknown>>): void {
    this.socket.send(JSON.stringify(message));
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#ended) return;
    if (isBinary) this.#onOutput(data);
    else this.#onControl(data.toString('utf8'));
  }

  #onOutput(data: Buffer): void {
    const tag = data[0];
    if (tag === STDOUT_TAG) this.stdout.deliver(data.subarray(1));
    else if (tag === STDERR_TAG) this.stderr.deliver(data.subarray(1));
    else this.#lose(new CloudError('protocol', 'The cloud sent output of an unknown kind'));
    if (this.stdout.isFull || this.stderr.isFull) this.socket.pause();
  }

  #resumeIfRoom(): void {
    if (!this.stdout.isFull && !this.stderr.isFull) this.socket.resume();
  }

  #onControl(text: string): void {
    const message = jsonOrText(text);
    const type =
      typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
    if (type === 'exit') this.#onExit(message);
    // A warning, such as a refused signal: the command goes on.
    else if (type === 'error') this.log.warn(`The sandbox's cloud warns: ${describeError(text)}`);
    else this.log.debug('The sandbox sent a control message of an unknown type');
  }

  #onExit(message: unknown): void {
    try {
      const { exit_code: code } = parseAnswer(exitFrameSchema, message, 'exit message');
      this.#end(exitStatusOf(code));
    } catch (error) {
      this.#lose(error);
    }
  }

  async #onClose(close: WebSocketClose): Promise<void> {
    if (this.#ended) return;
    try {
      const status = await this.#statusAfter(close);
      this.#end(status);
    } catch (error) {
      this.#lose(error);
    }
  }

  /**
   * How it ended when no exit message came. After a proper close the server knows. After a drop it may know too, but
   * output may be missing, and a success with half its output would be worse than an error.
   */
  async #statusAfter(close: WebSocketClose): Promise<ExitStatus> {
    const dropped = close.code === ABNORMAL_CLOSURE || close.error !== undefined;
    const status = dropped ? undefined : await this.execution.finalStatus();
    if (status) return status;
    const cause = close.error ? { cause: close.error } : {};
    throw new CloudError(
      'unreachable',
      `Lost the connection to a command in the sandbox: ${describeClose(close)}`,
      cause,
    );
  }

  #end(status: ExitStatus): void {
    if (this.#ended) return;
    this.#ended = true;
    this.stdin.destroy();
    // A socket that is held for a slow reader could not read the server's close.
    this.socket.resume();
    this.socket.close();
    void Promise.all([this.stdout.finish(), this.stderr.finish()]).then(() => this.#exited.resolve(status));
  }

  #lose(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const error = reason instanceof Error ? reason : new CloudError('protocol', describeError(reason));
    this.socket.terminate();
    this.#exited.reject(error);
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy(error);
    // Nobody can come back to it: a reattached stream has gaps.
    void this.execution.destroy();
  }
}
