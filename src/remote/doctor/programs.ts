/** Runs programs as ssh and editors do, and watches what they say. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { abortable } from '../../base/async';
import { CodedError, printable } from '../../base/errors';
import type { CommandLine } from '../sshAccess';

const MAX_OUTPUT_BYTES = 64 * 1024;
/** After the end of its input a program has so long before it is killed. */
const GRACE_MS = 3_000;

/** - `ended`: before it said what was waited for; the message is what it said on stderr, or how it ended */
export class ProgramError extends CodedError<'ended'> {}

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** A program that is talked to over its pipes, and ends with its owner's interest. */
export class Program {
  readonly #child: ChildProcess;
  readonly #failed: Promise<never>;
  #output = '';
  #complaints = '';
  #onOutput: () => void = () => undefined;

  constructor(command: CommandLine, { env }: Pick<ProgramOptions, 'env'>) {
    // Node runs batch files only through the shell that belongs to them.
    const isBatch = command.program.toLowerCase().endsWith('.cmd');
    this.#child = isBatch
      ? spawn([command.program, ...command.arguments].map((word) => `"${word}"`).join(' '), {
          env,
          shell: true,
          windowsHide: true,
        })
      : spawn(command.program, command.arguments, { env, windowsHide: true });
    const { stdout, stderr, stdin } = this.#child;
    stdin?.on('error', () => undefined); // its end says all that matters
    stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-MAX_OUTPUT_BYTES);
      this.#onOutput();
    });
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-MAX_OUTPUT_BYTES);
    });
    this.#failed = this.#watchEnd();
    this.#failed.catch(() => undefined);
  }

  /** What it said on stderr, line by line. */
  get complaints(): string[] {
    const lines = this.#complaints.split(/\r?\n/).map((line) => printable(line));
    return lines.filter((line) => line !== '');
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Resolves once its output holds the text. Rejects with a {@link ProgramError}, or the signal's reason. */
  async says(text: string, signal: AbortSignal): Promise<void> {
    const said = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (this.#output.includes(text)) resolve();
      };
      this.#onOutput();
    });
    await abortable(Promise.race([said, this.#failed]), signal);
  }

  /** Ends its input, and the program if that does not. Never rejects. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
    await this.#failed.catch(() => undefined);
    clearTimeout(killer);
  }

  /** Rejects when it ends, or cannot begin. */
  async #watchEnd(): Promise<never> {
    const [code, signal] = (await once(this.#child, 'close')) as [number | null, string | null];
    const how = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
    throw new ProgramError('ended', this.complaints.slice(-3).join(' ') || how);
  }
}
