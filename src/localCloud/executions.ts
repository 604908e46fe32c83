import { randomBytes } from 'node:crypto';
import type { Disposable } from '../base/disposable';
import { ApiError } from './apiError';
import type { BoxProcess } from './runtimes/runtime';

/** What becomes of executions that nobody is attached to, as BoxLite's servers do it. */
const HANGUP_AFTER_MS = 5 * 60_000;
const HANGUP_STEP_MS = 30_000;
const REMEMBER_FINISHED_MS = 5 * 60_000;
const [SIGHUP, SIGTERM] = [1, 15];

/** Most commands that one box runs at once. */
export const MAX_RUNNING = 512;
/** Finished executions kept per box; the oldest make room. */
const MAX_FINISHED = 512;
/** Ids remembered as gone, over all boxes. */
const MAX_REAPED = 4096;

export type ExecutionStatus = 'running' | 'completed' | 'killed' | 'timed_out';

export interface ExecutionOptions {
  readonly terminal: boolean;
  readonly timeoutMs?: number;
}

/** One command of a box and who is attached to it. */
export class TrackedExecution implements Disposable {
  readonly id = `exec-${randomBytes(10).toString('hex')}`;
  readonly startedAt = new Date();
  readonly process: BoxProcess;
  readonly terminal: boolean;
  #exitCode: number | undefined;
  #endedAt: Date | undefined;
  #timedOut = false;
  #attached = false;
  #hangUp: NodeJS.Timeout | undefined;
  readonly #timeout: NodeJS.Timeout | undefined;

  constructor(process: BoxProcess, options: ExecutionOptions, onEnd: () => void) {
    this.process = process;
    this.terminal = options.terminal;
    if (options.timeoutMs !== undefined) {
      this.#timeout = setTimeout(() => {
        this.#timedOut = true;
        process.kill();
      }, options.timeoutMs);
    }
    this.#armHangUp();
    void process.exited.then((code) => {
      this.#exitCode = code;
      this.#endedAt = new Date();
      clearTimeout(this.#timeout);
      clearTimeout(this.#hangUp);
      onEnd();
    });
  }

  get isRunning(): boolean {
    return this.#endedAt === undefined;
  }

  get status(): ExecutionStatus {
    if (this.#exitCode === undefined) return 'running';
    if (this.#timedOut) return 'timed_out';
    return this.#exitCode < 0 ? 'killed' : 'completed';
  }

  /** The ExecutionInfo schema of the Box API. */
  toView(): object {
    return {
      execution_id: this.id,
      status: this.status,
      exit_code: this.#exitCode ?? null,
      attached: this.#attached,
      started_at: this.startedAt.toISOString(),
      duration_ms: this.#endedAt ? this.#endedAt.getTime() - this.startedAt.getTime() : null,
    };
  }

  get isAttached(): boolean {
    return this.#attached;
  }

  /** Takes the one place of an attached client. */
  attach(): void {
    this.#attached = true;
    clearTimeout(this.#hangUp);
  }

  detach(): void {
    this.#attached = false;
    if (this.isRunning) this.#armHangUp();
  }

  /** Throws the API's refusal if the command ended. */
  signal(number: number): void {
    this.#requireRunning();
    this.process.signal(number);
  }

  resize(columns: number, rows: number): void {
    this.#requireRunning();
    if (!this.terminal) throw new ApiError('invalid_state', `Execution ${this.id} has no terminal`);
    this.process.resize(columns, rows);
  }

  kill(): void {
    if (this.isRunning) this.process.kill();
  }

  /** Lets go of its timers and its output; does not end the command. */
  dispose(): void {
    clearTimeout(this.#timeout);
    clearTimeout(this.#hangUp);
    if (this.#attached) return;
    this.process.stdin.destroy();
    this.process.stdout.destroy();
    this.process.stderr.destroy();
  }

  #requireRunning(): void {
    if (!this.isRunning) throw new ApiError('invalid_state', `Execution ${this.id} has ended`);
  }

  #armHangUp(): void {
    clearTimeout(this.#hangUp);
    const steps = [
      { waitMs: HANGUP_AFTER_MS, act: () => this.process.signal(SIGHUP) },
      { waitMs: HANGUP_STEP_MS, act: () => this.process.signal(SIGTERM) },
      { waitMs: HANGUP_STEP_MS, act: () => this.process.kill() },
    ];
    const next = (): void => {
      const step = steps.shift();
      if (!step) return;
      this.#hangUp = setTimeout(() => {
        step.act();
        next();
      }, step.waitMs);
    };
    next();
  }
}

/** The executions of all boxes: those that run, and for a while those that ended. */
export class Executions implements Disposable {
  readonly #byBox = new Map<string, Map<string, TrackedExecution>>();
  /** Commands that are being started, by box. */
  readonly #starting = new Map<string, number>();
  readonly #expiries = new Map<string, NodeJS.Timeout>();
  /** Insertion order, so that the oldest can be forgotten. */
  readonly #reaped = new Set<string>();
  readonly #onActivity: (boxId: string) => void;

  /** `onActivity` is called when a command of a box starts or ends. */
  constructor(onActivity: (boxId: string) => void) {
    this.#onActivity = onActivity;
  }

  /**
   * Starts a command. It has its place among those of the box before `launch` is called. Throws `resource_exhausted`
   * if there is none, or what `launch` throws.
   */
  async start(
    boxId: string,
    options: ExecutionOptions,
    launch: () => Promise<BoxProcess>,
  ): Promise<TrackedExecution> {
    if (this.running(boxId) >= MAX_RUNNING) {
      throw new ApiError(
        'resource_exhausted',
        `The box runs ${MAX_RUNNING} commands already; end some first`,
      );
    }
    this.#changeStarting(boxId, 1);
    try {
      return this.#add(boxId, await launch(), options);
    } finally {
      this.#changeStarting(boxId, -1);
    }
  }

  /** Throws `not_found`, or `session_reaped` for one that ended too long ago. */
  get(boxId: string, id: string): TrackedExecution {
    const execution = this.#byBox.get(boxId)?.get(id);
    if (execution) return execution;
    if (this.#reaped.has(id)) {
      throw new ApiError('session_reaped', `Execution ${id} ended a while ago and is forgotten`);
    }
    throw new ApiError('not_found', `The box has no execution ${id}`);
  }

  /** How many commands of a box run or are being started. */
  running(boxId: string): number {
    const running = this.#all(boxId).filter((execution) => execution.isRunning);
    return running.length + (this.#starting.get(boxId) ?? 0);
  }

  /** Kills the command and forgets it at once; an attached client is still told how it ended. */
  evict(boxId: string, id: string): void {
    const execution = this.get(boxId, id);
    execution.kill();
    this.#forget(boxId, execution);
  }

  /** Forgets the executions of a box that is removed. */
  forgetBox(boxId: string): void {
    for (const execution of this.#all(boxId)) this.#forget(boxId, execution);
  }

  dispose(): void {
    for (const boxId of [...this.#byBox.keys()]) this.forgetBox(boxId);
  }

  #add(boxId: string, process: BoxProcess, options: ExecutionOptions): TrackedExecution {
    const execution = new TrackedExecution(process, options, () => this.#onEnd(boxId, execution));
    const ofBox = this.#byBox.get(boxId) ?? new Map<string, TrackedExecution>();
    this.#byBox.set(boxId, ofBox.set(execution.id, execution));
    this.#onActivity(boxId);
    return execution;
  }

  #changeStarting(boxId: string, by: 1 | -1): void {
    const count = (this.#starting.get(boxId) ?? 0) + by;
    if (count > 0) this.#starting.set(boxId, count);
    else this.#starting.delete(boxId);
  }

  #all(boxId: string): TrackedExecution[] {
    return [...(this.#byBox.get(boxId)?.values() ?? [])];
  }

  #onEnd(boxId: string, execution: TrackedExecution): void {
    this.#onActivity(boxId);
    if (this.#byBox.get(boxId)?.get(execution.id) !== execution) return;
    const expiry = setTimeout(() => this.#reap(boxId, execution), REMEMBER_FINISHED_MS);
    this.#expiries.set(execution.id, expiry);
    const finished = this.#all(boxId).filter(({ isRunning }) => !isRunning);
    for (const old of finished.slice(0, Math.max(0, finished.length - MAX_FINISHED))) this.#reap(boxId, old);
  }

  #reap(boxId: string, execution: TrackedExecution): void {
    this.#forget(boxId, execution);
    this.#reaped.add(execution.id);
    for (const oldest of this.#reaped) {
      if (this.#reaped.size <= MAX_REAPED) break;
      this.#reaped.delete(oldest);
    }
  }

  #forget(boxId: string, execution: TrackedExecution): void {
    clearTimeout(this.#expiries.get(execution.id));
    this.#expiries.delete(execution.id);
    const ofBox = this.#byBox.get(boxId);
    ofBox?.delete(execution.id);
    if (ofBox?.size === 0) this.#byBox.delete(boxId);
    execution.dispose();
  }
}
