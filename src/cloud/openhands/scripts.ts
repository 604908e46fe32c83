/** Running scripts by the agent-server's REST API (bash_router.py of OpenHands/software-agent-sdk). */
import * as v from 'valibot';
import { delay } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { shellQuote } from '../../base/shell';
import { CloudError } from '../errors';
import type { HttpClient } from '../http';
import type { ScriptResult } from '../provider';
import { parseAnswer } from '../validate';

const WHAT = 'run a script in the sandbox';
/** After so long the agent-server ends a script. */
const SCRIPT_LIMIT_S = 120;
/** Longer than that by as much as its last words may take. */
const WAIT_LIMIT_MS = (SCRIPT_LIMIT_S + 15) * 1000;
const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 1_000;
/** Each event holds up to 1 MiB of text, in JSON at most six times that: a page fits the limit of an answer. */
const EVENTS_ON_A_PAGE = '4';
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
const MAX_PAGES = 1_000;
/** What is kept of each output, from its end, in UTF-16 units. */
const KEPT_OUTPUT = 4 * 1024 * 1024;
/** The agent-server's exit code of a command that it had to end. */
const TIMED_OUT = -1;

const commandSchema = v.object({ id: v.pipe(v.string(), v.nonEmpty()) });
const eventsSchema = v.object({
  items: v.array(
    v.object({
      id: v.string(),
      order: v.pipe(v.number(), v.integer(), v.minValue(0)),
      /** Null but on the last event. */
      exit_code: v.nullish(v.pipe(v.number(), v.integer())),
      stdout: v.nullish(v.string()),
      stderr: v.nullish(v.string()),
    }),
  ),
  next_page_id: v.nullish(v.string()),
});

/**
 * Runs a script by `sh` in /, without input, and waits for its end by looking again and again. Rejects as
 * `unreachable` if it takes more than two minutes. The agent-server keeps script and output in its files.
 */
export async function runScript(
  http: HttpClient,
  script: string,
  signal?: AbortSignal,
): Promise<ScriptResult> {
  const tooLong = (): CloudError =>
    new CloudError('unreachable', `Cannot ${WHAT}: it did not end within ${SCRIPT_LIMIT_S} s`);
  const deadline = createDeadline(WAIT_LIMIT_MS, tooLong, signal);
  try {
    const output = new ScriptOutput(http, await start(http, script, deadline.signal));
    for (let waitMs = FIRST_WAIT_MS; output.code === undefined; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
      await delay(waitMs, deadline.signal);
      await output.readOn(deadline.signal);
    }
    if (output.code === TIMED_OUT) throw tooLong();
    return { code: output.code, stdout: output.stdout, stderr: output.stderr };
  } finally {
    deadline.dispose();
  }
}

/** The agent-server hands commands to `/bin/sh -c`, with an input that is its own. */
async function start(http: HttpClient, script: string, signal: AbortSignal): Promise<string> {
  const command = `sh -c ${shellQuote(script)} </dev/null`;
  const { body } = await http.request({
    what: WHAT,
    method: 'POST',
    path: '/api/bash/start_bash_command',
    body: { command, cwd: '/', timeout: SCRIPT_LIMIT_S },
    signal,
  });
  return parseAnswer(commandSchema, body, 'answer to a script').id;
}

/** The output of one command so far: an event for each full mebibyte, and the last one at its end. */
class ScriptOutput {
  code: number | undefined;
  stdout = '';
  stderr = '';
  #order = -1;
  readonly #seen = new Set<string>();

  constructor(
    private readonly http: HttpClient,
    private readonly commandId: string,
  ) {}

  /** Takes in all events since the last time. */
  async readOn(signal: AbortSignal): Promise<void> {
    // Servers that filter by order only after they cut pages have empty pages before the one that counts.
    const after = String(this.#order);
    let page: string | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      page = await this.#readPage(after, page, signal);
      if (page === undefined) return;
    }
    throw new CloudError('protocol', `Cannot ${WHAT}: its output has no end`);
  }

  /** Gives the next page's id, if there is one. */
  async #readPage(after: string, page: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    const { body } = await this.http.request({
      what: WHAT,
      method: 'GET',
      path: '/api/bash/bash_events/search',
      query: {
        command_id__eq: this.commandId,
        kind__eq: 'BashOutput',
        order__gt: after,
        sort_order: 'TIMESTAMP',
        limit: EVENTS_ON_A_PAGE,
        ...(page !== undefined && { page_id: page }),
      },
      maxBytes: MAX_PAGE_BYTES,
      signal,
    });
    const { items, next_page_id: next } = parseAnswer(eventsSchema, body, 'output of a script');
    for (const item of items) this.#take(item);
    return next && next !== page ? next : undefined;
  }

  #take({
    id,
    order,
    exit_code: code,
    stdout,
    stderr,
  }: v.InferOutput<typeof eventsSchema>['items'][0]): void {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    this.#order = Math.max(this.#order, order);
    this.stdout = (this.stdout + (stdout ?? '')).slice(-KEPT_OUTPUT);
    this.stderr = (this.stderr + (stderr ?? '')).slice(-KEPT_OUTPUT);
    this.code ??= code ?? undefined;
  }
}
