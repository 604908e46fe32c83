/** The request bodies of the Box API (BoxLite, openapi/box.openapi.yaml). Unknown fields are refused, as it says. */
import * as v from 'valibot';
import { ApiError } from './apiError';

const MAX_NAME = 1024;
const MAX_TEXT = 4096;
const MAX_ENTRIES = 1024;
/** Linux's limit on one argument or environment entry (MAX_ARG_STRLEN). */
const MAX_ARGUMENT = 128 * 1024;

/** Text that can be an argument, a path or an environment value: these end at a NUL byte. */
const text = (max: number) =>
  v.pipe(
    v.string(),
    v.maxLength(max, `must have at most ${max} characters`),
    v.check((value) => !value.includes('\0'), 'must not contain a NUL character'),
  );
const environment = v.pipe(
  v.record(v.pipe(text(MAX_TEXT), v.regex(/^[^=]+$/, 'is not a variable name')), text(MAX_ARGUMENT)),
  v.check(
    (entries) => Object.keys(entries).length <= MAX_ENTRIES,
    `must have at most ${MAX_ENTRIES} entries`,
  ),
);
const integer = (min: number, max: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const seconds = integer(0, 10 * 365 * 86_400);
const mode = v.picklist(['enabled', 'disabled']);
/** An allow list would need a filter that this cloud does not have; accepting one silently would be unsafe. */
const noAllowList = v.optional(v.pipe(v.array(v.string()), v.maxLength(0, 'is not supported by this cloud')));
const direction = v.strictObject({ mode, allow_net: noAllowList });
const nothing = v.optional(
  v.nullable(v.pipe(v.array(v.unknown()), v.maxLength(0, 'is not supported by this cloud'))),
);

const network = v.pipe(
  v.strictObject({
    outbound: v.optional(direction),
    inbound: v.optional(direction),
    mode: v.optional(mode),
    allow_net: noAllowList,
  }),
  v.check(
    (value) => !(value.mode && (value.outbound ?? value.inbound)),
    'mixes mode with outbound and inbound',
  ),
);

const createBox = v.pipe(
  v.strictObject({
    name: v.optional(v.nullable(v.pipe(text(MAX_NAME), v.minLength(1, 'must not be empty')))),
    image: v.optional(v.nullable(v.pipe(text(MAX_TEXT), v.minLength(1, 'must not be empty')))),
    rootfs_path: v.optional(v.nullable(text(MAX_TEXT))),
    cpus: v.optional(v.nullable(integer(1, 32))),
    memory_mib: v.optional(v.nullable(integer(128, 1024 * 1024))),
    disk_size_gb: v.optional(v.nullable(integer(1, 1024 * 1024))),
    working_dir: v.optional(v.nullable(text(MAX_TEXT))),
    env: v.optional(v.nullable(environment)),
    network: v.optional(v.nullable(network)),
    auto_stop: v.optional(v.nullable(seconds)),
    auto_delete: v.optional(v.nullable(seconds)),
    auto_resume: v.optional(v.nullable(v.boolean())),
    // Older clients always send these two; neither changes anything here.
    detach: v.optional(v.nullable(v.boolean())),
    auto_remove: v.optional(v.nullable(v.boolean())),
    tty: v.optional(v.nullable(v.literal(false, 'is not supported by this cloud'))),
    entrypoint: nothing,
    cmd: nothing,
    volumes: nothing,
    secrets: nothing,
  }),
  v.check((value) => !(value.image && value.rootfs_path), 'image and rootfs_path exclude each other'),
);

const exec = v.strictObject({
  command: v.pipe(text(MAX_ARGUMENT), v.minLength(1, 'must not be empty')),
  args: v.optional(v.nullable(v.pipe(v.array(text(MAX_ARGUMENT)), v.maxLength(4096)))),
  env: v.optional(v.nullable(environment)),
  working_dir: v.optional(v.nullable(text(MAX_TEXT))),
  tty: v.optional(v.nullable(v.boolean())),
  timeout_seconds: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0.1), v.maxValue(86_400)))),
  stdin: v.optional(v.nullable(v.string())),
});

/** Upper bound of a terminal's sides: those of `struct winsize`, ioctl_tty(2). */
const side = integer(1, 65_535);

const stopBox = v.strictObject({
  timeout_seconds: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0)))),
});
const signal = v.strictObject({ signal: v.pipe(v.number(), v.integer()) });
const resize = v.strictObject({ cols: side, rows: side });
const control = v.variant('type', [
  v.object({ type: v.literal('resize'), cols: side, rows: side }),
  v.object({ type: v.literal('signal'), sig: v.pipe(v.number(), v.integer()) }),
  v.object({ type: v.literal('stdin_eof') }),
]);
const listQuery = v.object({
  pageSize: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,4}$/), v.transform(Number), v.minValue(1), v.maxValue(1000)),
    '100',
  ),
  pageToken: v.optional(v.string()),
  status: v.optional(
    v.picklist(['configured', 'running', 'stopping', 'stopped', 'paused', 'failed', 'unknown']),
  ),
});

export const schemas = { createBox, exec, stopBox, signal, resize, control, listQuery };

export type CreateBoxRequest = v.InferOutput<typeof createBox>;
export type ExecRequest = v.InferOutput<typeof exec>;
export type ListQuery = v.InferOutput<typeof listQuery>;

/** The signals that clients may send; SIGKILL is DELETE's, since it ends the execution for good. */
const ALLOWED_SIGNALS = new Set([1, 2, 3, 6, 10, 12, 15, 28]);

/** Throws the API's refusal unless the signal may be sent. */
export function checkSignal(number: number): void {
  if (ALLOWED_SIGNALS.has(number)) return;
  const hint = number === 9 ? '; delete the execution to kill it' : '';
  throw new ApiError('invalid_argument', `Signal ${number} may not be sent${hint}`);
}

/** The value as the schema has it; throws the API's refusal, which names the field. */
export function validate<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  throw new ApiError('invalid_argument', field ? `${field}: ${issue.message}` : issue.message);
}
