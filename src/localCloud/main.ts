/** The `localCloud` program: reads its command line and runs a server in the foreground. */
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { CodedError, describeError, describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { sparePointlessMarking } from '../base/marking';
import { defaultStateDir } from './record';
import type { RuntimeName } from './runtimes/runtime';
import { serve, type ServeOptions } from './serve';

const USAGE = `Usage: localCloud serve [options]

Runs a sandbox cloud on this computer, for this user, until it is ended or idle for a while.
Prints one line of JSON when it is ready: {"url", "tokenFile", "runtime"}.

Options:
  --port N             port to listen on, 127.0.0.1 only (default: any free one)
  --state DIR          folder of its boxes and settings
  --token-file FILE    file with the bearer token, made if it is missing (default: DIR/token)
  --runtime NAME       docker, bubblewrap or process (default: the first of these that works)
  --idle-exit SECONDS  end when no box ran and nobody used it for so long; 0: never (default: 600)
  --help               print this
`;
const IDLE_EXIT_SECONDS = '600';
const EXIT = { failed: 1, usage: 2 } as const;

class UsageError extends CodedError<'usage'> {
  constructor(message: string) {
    super('usage', message);
  }
}

const log: Logger = {
  debug: () => undefined,
  info: (message) => writeLog('info', message),
  warn: (message) => writeLog('warning', message),
  error: (message) => writeLog('error', message),
};

function writeLog(level: string, message: string): void {
  process.stderr.write(`${new Date().toISOString()} ${level}: ${message}\n`);
}

async function main(argv: string[]): Promise<void> {
  const options = parseCommandLine(argv);
  if (!options) {
    process.stdout.write(USAGE);
    return;
  }
  // Whoever started it detached has stopped reading by now.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const ended = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => ended.abort(new Error(`got ${name}`)));
  }
  await serve(options, (ready) => process.stdout.write(`${JSON.stringify(ready)}\n`), ended.signal);
}

/** Undefined: help was asked for. */
function parseCommandLine(argv: string[]): ServeOptions | undefined {
  const { values, positionals } = parseOptions(argv);
  if (values.help) return undefined;
  const [command, ...rest] = positionals;
  if (command === undefined) throw new UsageError('No command given');
  if (command !== 'serve') throw new UsageError(`Unknown command ${JSON.stringify(command)}`);
  if (rest.length > 0) throw new UsageError(`Unexpected argument ${JSON.stringify(rest[0])}`);
  return {
    port: parseNumber('--port', values.port, 65_535),
    stateDir: path.resolve(nonEmpty('--state', values.state) ?? defaultStateDir()),
    idleExitSeconds: parseNumber('--idle-exit', values['idle-exit'], 31_536_000),
    log,
    env: process.env,
    ...optional('tokenFile', absolute(nonEmpty('--token-file', values['token-file']))),
    ...optional('runtime', parseRuntime(values.runtime)),
  };
}

function parseOptions(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '0' },
        state: { type: 'string' },
        'token-file': { type: 'string' },
        runtime: { type: 'string' },
        'idle-exit': { type: 'string', default: IDLE_EXIT_SECONDS },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}

function parseNumber(option: string, value: string, max: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) <= max) return Number(value);
  throw new UsageError(`${option} takes a number from 0 to ${max}, not ${JSON.stringify(value)}`);
}

function parseRuntime(value: string | undefined): RuntimeName | undefined {
  if (value === undefined || value === 'docker' || value === 'bubblewrap' || value === 'process')
    return value;
  throw new UsageError(`--runtime takes docker, bubblewrap or process, not ${JSON.stringify(value)}`);
}

function nonEmpty(option: string, value: string | undefined): string | undefined {
  if (value === '') throw new UsageError(`${option} needs a value`);
  return value;
}

function absolute(file: string | undefined): string | undefined {
  return file === undefined ? undefined : path.resolve(file);
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, T>>);
}

sparePointlessMarking();
main(process.argv.slice(2)).then(
  // Something that is still open, such as a pipe of a lost command, must not keep the process.
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof UsageError) {
      process.stderr.write(`localCloud: ${error.message}\n\n${USAGE}`);
      process.exit(EXIT.usage);
    }
    process.stderr.write(`localCloud: ${describeErrorChain(error)}\n`);
    process.exit(EXIT.failed);
  },
);
