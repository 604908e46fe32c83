import { parseArgs } from 'node:util';
import { CodedError, describeError } from '../base/errors';

export interface ConnectionArguments {
  /** Folder of the brokers' sockets. */
  readonly runDir: string;
  readonly alias: string;
}

/** The command line is not that of a connection. */
export class UsageError extends CodedError<'usage'> {}

const USAGE = 'usage: connection.js --run-dir DIR ALIAS (run by ssh as its ProxyCommand)';

/** Reads `--run-dir DIR ALIAS`. */
export function parseConnectionArguments(argv: readonly string[]): ConnectionArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { 'run-dir': { type: 'string' } },
      allowPositionals: true,
    });
    const [alias] = positionals;
    if (values['run-dir'] && alias && positionals.length === 1) return { runDir: values['run-dir'], alias };
  } catch (cause) {
    throw new UsageError('usage', `${describeError(cause)}; ${USAGE}`, { cause });
  }
  throw new UsageError('usage', USAGE);
}
