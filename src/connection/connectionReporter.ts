import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { describeError, printable } from '../base/errors';
import type { Logger } from '../base/logger';
import { editorOfAlias } from '../broker/endpoints';
import { windowVariable, type ConnectionState } from '../broker/protocol';
import { StateReporter } from '../broker/stateReporter';
import { endReasonOf } from './endReason';
import type { ObservedBackend } from './observedBackend';

const REPORT_INTERVAL_MS = 5000;
/** Channels come and go in bursts. */
const REPORT_DELAY_MS = 250;
const MAX_NAME_LENGTH = 100;

/** Tells every broker of this editor how the connection is. */
export class ConnectionReporter {
  readonly #reporter: StateReporter;
  readonly #identity: Omit<ConnectionState, 'phase'>;
  #backend: Pick<ObservedBackend, 'roundTripMs' | 'open'> | undefined;
  #interval: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #isPaused = false;
  #isEnded = false;

  constructor(dir: string, alias: string, log: Logger) {
    this.#reporter = new StateReporter({ dir, editor: editorOfAlias(alias), log });
    // The time the process began, not this object.
    const since = Math.round(performance.timeOrigin);
    this.#identity = {
      connectionId: randomUUID(),
      alias,
      pid: process.pid,
      since,
      ...startedBy(process.env),
    };
    this.report('connecting');
  }

  report(phase: ConnectionState['phase'], detail?: string): void {
    this.#reporter.report({ ...this.#identity, phase, ...(detail !== undefined && { detail }) });
  }

  reportEnd(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const reason = endReasonOf(error);
    const detail = describeError(error);
    this.#reporter.report({ ...this.#identity, phase: 'closed', detail, ...(reason && { reason }) });
  }

  /** Reports `connected` now, and from time to time with the round-trip time. */
  follow(backend: Pick<ObservedBackend, 'roundTripMs' | 'open'>): void {
    this.#backend = backend;
    this.#reportConnected();
    this.#interval = setInterval(() => this.#reportConnected(), REPORT_INTERVAL_MS);
  }

  /** Reports `reconnecting`, and why, until {@link resume}. */
  pause(attempt: number, reason: Error): void {
    this.#isPaused = true;
    const detail = describeError(reason);
    this.#reporter.report({ ...this.#identity, phase: 'reconnecting', attempt, detail });
  }

  resume(): void {
    this.#isPaused = false;
    this.#reportConnected();
  }

  channelsChanged(): void {
    if (this.#interval === undefined) return;
    this.#soon ??= setTimeout(() => this.#reportConnected(), REPORT_DELAY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#interval);
    this.#interval = undefined;
    clearTimeout(this.#soon);
    await this.#reporter.flush();
    this.#reporter.dispose();
  }

  #reportConnected(): void {
    this.#soon = undefined;
    if (!this.#backend || this.#isPaused || this.#isEnded) return;
    const roundTripMs = this.#backend.roundTripMs();
    this.#reporter.report({
      ...this.#identity,
      phase: 'connected',
      ...(roundTripMs !== undefined && { roundTripMs }),
      channels: this.#backend.open,
    });
  }
}

/** ssh hands its own environment to us. */
function startedBy(env: NodeJS.ProcessEnv): Pick<ConnectionState, 'windowId' | 'terminalProgram'> {
  const windowId = printable(env[windowVariable] ?? '', MAX_NAME_LENGTH);
  const terminalProgram = printable(env['TERM_PROGRAM'] ?? '', MAX_NAME_LENGTH);
  return { ...(windowId && { windowId }), ...(terminalProgram && { terminalProgram }) };
}
