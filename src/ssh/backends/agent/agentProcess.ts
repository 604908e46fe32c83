import { Readable, type Writable } from 'node:stream';
import * as v from 'valibot';
import type { Channel } from '../../../agentProtocol/channels/channel';
import { createDeferred } from '../../../base/async';
import { endIfEmpty } from '../../../base/endIfEmpty';
import type { ExitStatus, RemoteProcess, SignalName, TerminalSize } from '../../../cloud/provider';
import { BridgeError } from '../../backend';

/** How long the agent may take to confirm that a process was killed. */
const KILL_CONFIRM_MS = 2000;

const exitStatus = v.union([
  v.object({ code: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
  v.object({
    signal: v.pipe(
      v.string(),
      v.regex(/^[A-Z0-9]{1,16}$/),
      v.transform((name) => name as SignalName),
    ),
  }),
]) satisfies v.GenericSchema<unknown, ExitStatus>;

export interface AgentProcessOptions {
  /** stdin and stdout. */
  readonly channel: Channel;
  /** Absent: it has none. */
  readonly stderr?: Channel;
  readonly resize: (size: TerminalSize) => void;
  readonly signal: (name: SignalName) => void;
  /** Why the channels closed before their end. */
  readonly loss: () => BridgeError;
}

/** A process that the agent runs. Its streams are channels: flow control is end to end. */
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
    const { channel, stderr } = options;
    this.stdin = this.stdout = channel;
    this.stderr = stderr ?? Readable.from([]);
    const outputs = stderr ? [channel, stderr] : [channel];
    this.#openOutputs = outputs.length;
    for (const output of outputs) this.#follow(output);
    // Input that nobody takes would keep the channel open.
    channel.once('end', () => {
      if (!channel.writableFinished) channel.destroy();
    });
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
    const { channel, stderr } = this.#options;
    // How it ended comes behind the output, which nobody reads any more.
    for (const output of [channel, stderr]) output?.unpipe().resume();
    if (!channel.writableEnded) channel.end();
    const giveUp = setTimeout(() => {
      for (const output of [channel, stderr]) output?.destroy();
    }, KILL_CONFIRM_MS);
    this.#exited.promise.finally(() => clearTimeout(giveUp)).catch(() => undefined);
  }

  #follow(output: Channel): void {
    output.once('end', () => this.#onOutputEnd());
    if (output.hasEof) endIfEmpty(output);
    else output.once('eof', () => endIfEmpty(output));
    if (output.closed) this.#onClose(output);
    else output.once('close', () => this.#onClose(output));
  }

  #onClose(output: Channel): void {
    if (!output.readableEnded) this.#onLost();
  }

  #onLost(): void {
    if (this.#isKilled) this.#exited.resolve({ signal: 'KILL' });
    else this.#exited.reject(this.#options.loss());
  }

  #onOutputEnd(): void {
    if (--this.#openOutputs > 0) return;
    const status = v.safeParse(exitStatus, this.#options.channel.ending);
    if (status.success) this.#exited.resolve(status.output);
    else this.#exited.reject(new BridgeError('lost', 'The agent does not say how the command ended'));
  }
}
