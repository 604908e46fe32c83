import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { delay } from '../../../../src/base/async';
import { newEvent, type BashCommand, type BashOutput, type EventStore } from './events';

/** More of one stream than this is an event of its own; what is less waits for the end of the command. */
const MAX_EVENT_CHARACTERS = 1024 * 1024;
/** Decoded by themselves: a character that two of them share is lost. */
const READ_BYTES = 8192;
const GRACE_MS = 1_000;
const TIMED_OUT = -1;

/** Runs shell commands in the agent-server's way: by /bin/sh, in a session of their own, without streaming. */
export class Commands {
  readonly #running = new Map<string, ChildProcess>();

  constructor(private readonly events: EventStore) {}

  /** Starts a command; `ended` resolves once all of its output is saved. */
  start(request: { readonly command: string; readonly cwd: string | null; readonly timeout: number }): {
    readonly command: BashCommand;
    readonly ended: Promise<void>;
  } {
    const command: BashCommand = { ...newEvent(), ...request, kind: 'BashCommand' };
    this.events.save(command);
    return { command, ended: this.#run(command) };
  }

  /** False for a command that does not run. */
  async stop(id: string): Promise<boolean> {
    const child = this.#running.get(id);
    if (!child) return false;
    await endGroup(child);
    return true;
  }

  async #run(command: BashCommand): Promise<void> {
    const child = spawn('/bin/sh', ['-c', command.command], {
      cwd: command.cwd ?? process.cwd(),
      env: childEnvironment(),
      detached: true,
      stdio: ['inherit', 'pipe', 'pipe'],
    });
    this.#running.set(command.id, child);
    const output = new CommandOutput(command.id, this.events);
    try {
      output.finish(await waitFor(child, command, output));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason =
        code === 'ENOENT' ? `[Errno 2] No such file or directory: '${command.cwd ?? ''}'` : message;
      output.take('stderr', `Error executing command: ${reason}`);
      output.finish(TIMED_OUT);
    } finally {
      this.#running.delete(command.id);
    }
  }
}

/** The exit code, once the shell has ended and nobody has its output open any more; -1 when the time is over. */
async function waitFor(
  child: ChildProcess,
  { timeout }: BashCommand,
  output: CommandOutput,
): Promise<number> {
  const ended = Promise.all([
    exitCodeOf(child),
    output.read('stdout', child.stdout!),
    output.read('stderr', child.stderr!),
  ]).then(([code]) => code);
  const done = new AbortController();
  const late = delay(timeout * 1_000, done.signal).then(() => TIMED_OUT);
  late.catch(() => undefined);
  const code = await Promise.race([ended, late]);
  done.abort();
  if (code === TIMED_OUT) await endGroup(child);
  return code;
}

/** Output that is not an event yet. */
class CommandOutput {
  readonly #text = { stdout: '', stderr: '' };
  #order = 0;

  constructor(
    private readonly commandId: string,
    private readonly events: EventStore,
  ) {}

  async read(name: 'stdout' | 'stderr', stream: Readable): Promise<void> {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += READ_BYTES) {
        this.take(name, chunk.toString('utf8', at, at + READ_BYTES));
      }
    }
  }

  take(name: 'stdout' | 'stderr', text: string): void {
    this.#text[name] += text;
    while (this.#text[name].length > MAX_EVENT_CHARACTERS) {
      this.#save({ [name]: this.#text[name].slice(0, MAX_EVENT_CHARACTERS) });
      this.#text[name] = this.#text[name].slice(MAX_EVENT_CHARACTERS);
    }
  }

  finish(exitCode: number): void {
    const { stdout, stderr } = this.#text;
    this.#save({ exit_code: exitCode, stdout: stdout || null, stderr: stderr || null });
  }

  #save(fields: Partial<BashOutput>): void {
    const nothing = { exit_code: null, stdout: null, stderr: null };
    const output = { ...newEvent(), command_id: this.commandId, order: this.#order++, ...nothing, ...fields };
    this.events.save({ ...output, kind: 'BashOutput' });
  }
}

/** In the manner of Python: the negative number of the signal for a shell that one has ended. */
async function exitCodeOf(child: ChildProcess): Promise<number> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ? -constants.signals[signal] : (code ?? 0);
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const exited = once(child, 'exit').then(() => true);
  process.kill(-child.pid, 'SIGTERM');
  if (await Promise.race([exited, delay(GRACE_MS).then(() => false)])) return;
  process.kill(-child.pid, 'SIGKILL');
  await exited;
}

/** The session key must not reach commands: who has it may read the user's secrets. */
function childEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('OH_SESSION_API_KEYS_'));
  return { ...Object.fromEntries(kept), AI_AGENT: 'openhands' };
}
