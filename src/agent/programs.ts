import { constants } from 'node:os';
import type { Channel } from '../agentProtocol/channels/channel';
import type {
  ChannelId,
  ExecDescription,
  ResizeDescription,
  SignalDescription,
} from '../agentProtocol/operations';
import { createDeferred } from '../base/async';
import type { HostProcess } from '../processes/hostProcess';
import { exitDescription } from './exitDescription';
import { hangUp } from './hangUp';
import type { Host } from './host';
import { OperationError } from './operationError';
import { relayOutput } from './relayOutput';
import { startProgram } from './startProgram';

/** How long the other half of a channel, of `exec` and `stderr`, may take to be asked for. */
const HALF_OPEN_MS = 30_000;

/** One program. What asks for its stderr may come before what starts it. */
class ProgramChannel {
  readonly started = createDeferred<HostProcess>();
  isClaimed = false;
  /** Whether its stderr was asked for, or never will be. */
  isComplete = false;
  /** Settles when stderr, if it was asked for, is out. */
  stderrDone: Promise<unknown> = Promise.resolve();
}

/** The programs of one session, by channel. Each ends with its channel. */
export class Programs {
  readonly #host: Host;
  readonly #channels = new Map<ChannelId, ProgramChannel>();
  readonly #running = new Set<HostProcess>();
  #isEnding = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Runs a program with the request's channel as its stdin and stdout. */
  async exec(request: Channel, description: ExecDescription): Promise<void> {
    const channel = this.#channel(description.channel);
    if (channel.isClaimed) throw new OperationError('invalid', `Channel ${description.channel} is taken`);
    channel.isClaimed = true;
    if (description.terminal) channel.isComplete = true;
    try {
      const process = await this.#start(description);
      channel.started.resolve(process);
      await this.#serve(request, process, channel, description.terminal === undefined);
    } catch (error) {
      channel.started.reject(error);
      throw error;
    } finally {
      this.#forget(description.channel, channel);
    }
  }

  async stderr(request: Channel, id: ChannelId): Promise<void> {
    const channel = this.#channel(id);
    channel.isComplete = true;
    if (!channel.isClaimed) this.#expectProgram(id, channel);
    request.resume();
    const done = createDeferred<undefined>();
    channel.stderrDone = done.promise;
    try {
      const process = await channel.started.promise;
      request.confirm();
      await relayOutput(process.stderr, request, process.exited);
      if (request.isOpen) request.end();
    } finally {
      done.resolve(undefined);
    }
  }

  async resize({ channel, columns, rows }: ResizeDescription): Promise<void> {
    (await this.#find(channel)).resize(columns, rows);
  }

  async signal({ channel, signal }: SignalDescription): Promise<void> {
    const number = (constants.signals as Readonly<Record<string, number>>)[`SIG${signal}`];
    if (number === undefined) throw new OperationError('invalid', 'There is no such signal');
    const process = await this.#find(channel);
    // Its group may now be that of jobs which it has left in the background.
    if (!this.#running.has(process)) return;
    // All of its session: a group of its own is no way out.
    if (number === constants.signals.SIGKILL) process.kill();
    else process.signal(number);
  }

  /** Hangs up all programs; resolves when they have ended. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all([...this.#running].map(hangUp));
  }

  async #start(description: ExecDescription): Promise<HostProcess> {
    const process = await startProgram(description, this.#host);
    this.#running.add(process);
    void process.exited.then(() => this.#running.delete(process));
    if (this.#isEnding) void hangUp(process);
    return process;
  }

  async #serve(
    request: Channel,
    process: HostProcess,
    channel: ProgramChannel,
    passesEnd: boolean,
  ): Promise<void> {
    let hasExited = false;
    const exited = process.exited.then((status) => {
      hasExited = true;
      return status;
    });
    const onGone = (): void => {
      if (!hasExited) void hangUp(process);
    };
    if (request.destroyed) onGone();
    else request.once('close', onGone);
    request.confirm();
    relayInput(request, process, passesEnd);
    await relayOutput(process.stdout, request, exited);
    const status = await exited;
    await channel.stderrDone;
    if (request.isOpen) request.endWith(exitDescription(status));
  }

  #channel(id: ChannelId): ProgramChannel {
    const known = this.#channels.get(id) ?? new ProgramChannel();
    this.#channels.set(id, known);
    return known;
  }

  #find(id: ChannelId): Promise<HostProcess> {
    const channel = this.#channels.get(id);
    if (!channel) throw noChannel(id);
    return channel.started.promise;
  }

  /** Of a channel whose program has ended: what asks for its stderr may still be on its way. */
  #forget(id: ChannelId, channel: ProgramChannel): void {
    if (channel.isComplete) {
      this.#channels.delete(id);
      return;
    }
    setTimeout(() => {
      this.#channels.delete(id);
      channel.started.promise.then(
        ({ stderr }) => stderr.destroy(),
        () => undefined,
      );
    }, HALF_OPEN_MS).unref();
  }

  #expectProgram(id: ChannelId, channel: ProgramChannel): void {
    setTimeout(() => {
      if (channel.isClaimed) return;
      this.#channels.delete(id);
      channel.started.reject(noChannel(id));
    }, HALF_OPEN_MS).unref();
  }
}

function noChannel(id: ChannelId): OperationError {
  return new OperationError('not-found', `There is no channel ${id}`);
}

/**
 * The end of input is none to a terminal, as with sshd: what a person would type for it is the program's business. A
 * program that has closed its input does not hold back who sends it some.
 */
function relayInput(request: Channel, { stdin }: HostProcess, passesEnd: boolean): void {
  request.pipe(stdin, { end: passesEnd });
  stdin.once('close', () => {
    request.unpipe(stdin);
    request.resume();
  });
}
