import type { Readable } from 'node:stream';
import * as v from 'valibot';
import { abortReason } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { describeError, printable } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { asReadable, type Engine } from './dockerEngine';
import { engineError, engineMessage, hasStatus } from './dockerErrors';
import { RuntimeError } from './errors';

/**
 * The image of a box that names none: small enough for a first run, with what an editor's server needs and slim
 * images lack (glibc, bash, ps, git, curl, certificates), perl for forwards, and for x64 and arm64. Named in full,
 * because Podman may ask which registry a short name means.
 */
export const DEFAULT_IMAGE = 'docker.io/library/buildpack-deps:bookworm-scm';

/** Clients must wait for longer, to be told what is wrong. */
export const PULL_TIMEOUT_MS = 15 * 60_000;
const MAX_REFERENCE_LENGTH = 512;
const MAX_PROGRESS_LINE = 1024 * 1024;

const progressSchema = v.looseObject({
  status: v.optional(v.string()),
  id: v.optional(v.string()),
  error: v.optional(v.string()),
});

/** Rejects, as `bad-image`, what is no image reference: it becomes a part of the path of API requests. */
export function checkReference(reference: string): string {
  const components = reference.split('/');
  const valid =
    reference.length <= MAX_REFERENCE_LENGTH &&
    components.every((component) => /^[A-Za-z0-9][A-Za-z0-9._:@-]*$/.test(component));
  if (valid) return reference;
  throw new RuntimeError(
    'bad-image',
    `"${printable(reference, 80)}" is not the name of a container image; use one such as ${DEFAULT_IMAGE}`,
  );
}

/** Makes sure that the engine has the image, pulling it if need be. `reference` comes from {@link checkReference}. */
export async function ensureImage(
  engine: Engine,
  reference: string,
  log: Logger,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await engine.control.getImage(reference).inspect();
  } catch (error) {
    if (!hasStatus(error, 404)) throw engineError(`look up image ${reference}`, error);
    await pullImage(engine, reference, log, signal);
  }
}

async function pullImage(
  engine: Engine,
  reference: string,
  log: Logger,
  signal: AbortSignal | undefined,
): Promise<void> {
  log.info(`Pulling image ${reference}; the first time this can take minutes`);
  const late = (): Error => new Error(`not complete after ${PULL_TIMEOUT_MS / 60_000} minutes`);
  const deadline = createDeadline(PULL_TIMEOUT_MS, late, signal);
  const { signal: abortSignal } = deadline;
  try {
    const answer = await engine.streams.pull(reference, { abortSignal });
    await followPull(asReadable(answer), reference, log);
  } catch (cause) {
    const reason = engineMessage(abortSignal.aborted ? abortReason(abortSignal) : cause);
    throw new RuntimeError(
      'bad-image',
      `Cannot get image ${reference}: ${reason}. Check its name and the network, or run "docker pull ${reference}" ` +
        'yourself, then try again',
      { cause },
    );
  } finally {
    deadline.dispose();
  }
}

/** Reads the engine's account of a pull, one JSON object a line, to its end. A failed pull is an HTTP 200, too. */
async function followPull(answer: Readable, reference: string, log: Logger): Promise<void> {
  for await (const line of lines(answer)) {
    const progress = parseProgress(line);
    if (progress.error) throw new Error(printable(progress.error));
    // What has no layer id is about the whole image; of a layer only its end is worth a line.
    const worthALine = progress.id === undefined || progress.status === 'Pull complete';
    if (progress.status && worthALine) log.info(`${reference}: ${printable(progress.status)}`);
  }
}

// Not node:readline, whose iterator neither ends nor throws when its input fails.
async function* lines(input: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
    const parts = `${rest}${chunk}`.split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_PROGRESS_LINE) throw new Error("The engine's progress report has an endless line");
    yield* parts.filter((part) => part.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}

function parseProgress(line: string): v.InferOutput<typeof progressSchema> {
  try {
    return v.parse(progressSchema, JSON.parse(line));
  } catch (cause) {
    throw new Error(`The engine's progress report is not readable: ${describeError(cause)}`, { cause });
  }
}
