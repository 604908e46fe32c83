/** Checks of what requests say. The client is trusted to run commands, but not to be free of mistakes. */
import * as v from 'valibot';
import type {
  ChannelDescription,
  DialDescription,
  ExecDescription,
  ListenDescription,
  ResizeDescription,
  SignalDescription,
} from '../agentProtocol/operations';
import { OperationError } from './operationError';

/** What the kernel takes as a word: no NUL. */
const word = v.pipe(v.string(), v.regex(/^[^\0]*$/u, 'a NUL in a word'));
const channel = v.pipe(v.string(), v.regex(/^[a-z0-9]{1,32}$/, 'no channel'));
const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
/** `ws_row` and `ws_col` have 16 bits. */
const cells = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const size = { columns: cells, rows: cells };
const variableName = v.pipe(v.string(), v.regex(/^[^\0=]+$/u, 'no name of a variable'));

const tcpAddress = v.object({ kind: v.literal('tcp'), host: word, port });
const unixAddress = v.object({ kind: v.literal('unix'), path: v.pipe(word, v.minLength(1)) });
const privateSocket = v.object({ kind: v.literal('private') });

const exec = v.object({
  channel,
  argv: v.tupleWithRest([v.pipe(word, v.minLength(1))], word),
  env: v.record(variableName, word),
  workingDirectory: v.exactOptional(word),
  terminal: v.exactOptional(v.object(size)),
});

/** One check for each kind of description: gives it typed, or throws an {@link OperationError} `invalid`. */
export const checks = {
  request: checkOf<{ readonly operation: string; readonly description?: unknown }>(
    v.object({ operation: v.string(), description: v.optional(v.unknown()) }),
  ),
  channel: checkOf<ChannelDescription>(v.object({ channel })),
  exec: checkOf<ExecDescription>(exec),
  resize: checkOf<ResizeDescription>(v.object({ channel, ...size })),
  signal: checkOf<SignalDescription>(v.object({ channel, signal: v.string() })),
  dial: checkOf<DialDescription>(v.object({ target: v.variant('kind', [tcpAddress, unixAddress]) })),
  listen: checkOf<ListenDescription>(
    v.object({ address: v.variant('kind', [tcpAddress, unixAddress, privateSocket]) }),
  ),
};

function checkOf<T>(schema: v.GenericSchema<unknown, T>): (description: unknown) => T {
  return (description) => {
    const parsed = v.safeParse(schema, description);
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    throw new OperationError('invalid', `The request is not understood: ${issue.message}`);
  };
}
