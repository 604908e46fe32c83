import { Duplex } from 'node:stream';
import { AgentLinkError, EXIT_NOT_RUNNING } from '../../../agentProtocol/errors';
import type { ExitStatus, RemoteProcess } from '../../../cloud/provider';

const HIGH_WATER_BYTES = 1024 * 1024;

type Callback = (error?: Error | null) => void;

/**
 * The stdin and stdout of a process as a carrier. The process belongs to it, and ends with it. Somebody else takes in
 * its stderr.
 */
export class ProcessCarrier extends Duplex {
  readonly #process: RemoteProcess;

  constructor(process: RemoteProcess) {
    super({
      allowHalfOpen: false,
      readableHighWaterMark: HIGH_WATER_BYTES,
      writableHighWaterMark: HIGH_WATER_BYTES,
    });
    this.#process = process;
    const { stdin, stdout, exited } = process;
    stdin.on('error', () => this.destroy());
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stdout.on('end', () => this.push(null));
    stdout.on('error', () => this.destroy());
    stdout.pause();
    exited.then(
      (status) => this.destroy(lossIn(status)),
      (error: unknown) => this.destroy(error instanceof Error ? error : undefined),
    );
  }

  override _read(): void {
    this.#process.stdout.resume();
  }

  override _writev(chunks: { chunk: Buffer }[], done: Callback): void {
    const { stdin } = this.#process;
    const last = chunks.length - 1;
    chunks.forEach(({ chunk }, at) => stdin.write(chunk, at === last ? done : undefined));
  }

  /** Calls back when the process has ended: only then has it passed on all that was written. */
  override _final(done: Callback): void {
    this.#process.stdin.end();
    const onExit = (): void => done();
    this.#process.exited.then(onExit, onExit);
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#process.kill();
    done(error);
  }
}

/** What the end of the process says of the agent. */
function lossIn(status: ExitStatus): Error | undefined {
  if (!('code' in status) || status.code !== EXIT_NOT_RUNNING) return undefined;
  return new AgentLinkError('unknown-session', 'No agent runs in the sandbox any more');
}
