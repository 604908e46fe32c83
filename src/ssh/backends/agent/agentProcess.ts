import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { Readable, type Writable } from 'node:stream';
import { createDeferred } from '../../../base/async';
import { exitTrailers } from '../../../agentProtocol/operations';
import type { ExitStatus, RemoteProcess, SignalName, TerminalSize } from '../../../cloud/provider';
import { BridgeError } from '../../backend';

/** How long the agent may take to confirm that a process was killed. */
const KILL_CONFIRM_MS = 2000;

export interface AgentProcessOptions {
  readonly stream: ClientHttp2Stream;
  /** Of {@link OpenChannel}. */
  readonly trailers: () => IncomingHttpHeaders | undefined;
  /** Absent: it has none. */
  readonly stderr?: ClientHttp2Stream;
  /** How it ended where the agent does not say so; absent: then that is an error. */
  readonly silentEnd?: ExitStatus;
  readonly resize: (size: TerminalSize) => void;
  readonly signal: (name: SignalName) => void;
  /** Why the streams closed before their end. */
  readonly loss: () => BridgeError;
}

/** A process that the agent runs. Its streams are those of HTTP/2: flow control is end to end. */
export class AgentProcess implements RemoteProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly #options: AgentProcessOptions;
  readonly #exited = createDeferred<ExitStatus>();
  #isKilled = false;
  #openOutputs: number;

  constructor(options: AgentProcessOptions) {
    this.#options = options;
    const { stream, stderr } = options;
    this.stdin = stream;
    this.stdout = notEnded(stream);
    this.stderr = notEnded(stderr);
    const outputs = stderr ? [stream, stderr] : [stream];
    this.#openOutputs = outputs.length;
    for (const output of outputs) this.#follow(output);
  }

  get exited(): Promise<ExitStatus> {
    return this.#exited.promise;
  }

  resize(size: TerminalSize): void {
    this.#options.resize(size);
  }

  signal(name: SignalName): void {
    this.#options.signal(name);
  }

  kill(): void {
    if (this.#isKilled) return;
    this.#isKilled = true;
    this.#options.signal('KILL');
    const { stream, stderr } = this.#options;
    // Trailers come behind the output, which nobody reads any more.
    for (const output of [stream, stderr]) output?.unpipe().resume();
    if (!stream.writableEnded) stream.end();
    const giveUp = setTimeout(() => {
      for (const output of [stream, stderr]) output?.close(constants.NGHTTP2_CANCEL);
    }, KILL_CONFIRM_MS);
    this.#exited.promise.finally(() => clearTimeout(giveUp)).catch(() => undefined);
  }

  #follow(output: ClientHttp2Stream): void {
    if (output.readableEnded) {
      this.#onOutputEnd();
      return;
    }
    output.once('end', () => this.#onOutputEnd());
    output.once('close', () => {
      if (output.readableEnded) return;
      if (this.#isKilled) this.#exited.resolve({ signal: 'KILL' });
      else this.#exited.reject(this.#options.loss());
    });
  }

  #onOutputEnd(): void {
    if (--this.#openOutputs > 0) return;
    const { stream, trailers, silentEnd } = this.#options;
    // Input that nobody takes would keep the channel open.
    if (!stream.writableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    const status = statusOf(trailers() ?? {}) ?? silentEnd;
    if (status) this.#exited.resolve(status);
    else this.#exited.reject(new BridgeError('lost', 'The agent does not say how the command ended'));
  }
}

/** A stream of HTTP/2 without a byte ends by itself, maybe before there is anybody to hear of it. */
function notEnded(output: Readable | undefined): Readable {
  return output && !output.readableEnded ? output : Readable.from([]);
}

function statusOf(trailers: IncomingHttpHeaders): ExitStatus | undefined {
  const code = trailers[exitTrailers.code];
  const signal = trailers[exitTrailers.signal];
  if (typeof signal === 'string' && /^[A-Z0-9]{1,16}$/.test(signal)) return { signal: signal as SignalName };
  if (typeof code === 'string' && /^\d{1,10}$/.test(code)) return { code: Number(code) };
  return undefined;
}
