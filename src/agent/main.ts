/** The agent: the program that the extension runs inside a sandbox. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from '@pkgjs/parseargs';
import { EXIT_NOT_RUNNING } from '../agentProtocol/errors';
import { programVersion } from '../agentProtocol/programVersion';
import { CodedError, describeError, describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { sparePointlessMarking } from '../base/marking';
import { AgentFolder } from './agentFolder';
import { attach, AttachError } from './attach';
import { openBoundedLog } from './boundedLog';

const USAGE = `Usage: agent serve --dir DIR [--port N]... [--session-seconds N] [--idle-exit-seconds N]
       agent attach --dir DIR
       agent version

serve    runs an agent in DIR, in the foreground; SIGTERM ends it once it has no session
attach   joins stdin and stdout with the agent that runs in DIR
version  prints the version

Options:
  --dir DIR              folder of this agent alone: secrets/, and what it makes
  --port N               port to listen on for WebSockets, on all addresses; of several
                         the first that can be had
  --session-seconds N    how long a session is kept without a connection (default: 900)
  --idle-exit-seconds N  ends when it had no session for so long (default: 1800)
  --help                 print this
`;
const EXIT = { failed: 1, usage: 2 } as const;
const SESSION_SECONDS = '900';
const IDLE_EXIT_SECONDS = '1800';
const MAX_SECONDS = 7 * 24 * 3600;

class UsageError extends CodedError<'usage'> {
  constructor(message: string) {
    super('usage', message);
  }
}

async function main(argv: string[]): Promise<void> {
  const { values, positionals } = parseOptions(argv);
  const [command, ...rest] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  if (rest.length > 0) throw new UsageError(`Unexpected argument ${JSON.stringify(rest[0])}`);
  switch (command) {
    case 'serve':
      await runServer(values);
      return;
    case 'attach':
      await attach(folderOf(values));
      return;
    case 'version':
      process.stdout.write(`${ownVersion()}\n`);
      return;
    case undefined:
      throw new UsageError('No command given');
    default:
      throw new UsageError(`Unknown command ${JSON.stringify(command)}`);
  }
}

type Options = ReturnType<typeof parseOptions>['values'];

async function runServer(values: Options): Promise<void> {
  const ports = (values.port ?? []).map((port) => parseNumber('--port', port, 1, 65_535));
  const sessionMs =
    1000 * parseNumber('--session-seconds', values['session-seconds'] ?? SESSION_SECONDS, 1, MAX_SECONDS);
  const idleExitMs =
    1000 *
    parseNumber('--idle-exit-seconds', values['idle-exit-seconds'] ?? IDLE_EXIT_SECONDS, 1, MAX_SECONDS);
  const folder = await AgentFolder.open(folderOf(values));
  const log = openBoundedLog(folder.log);
  endOnCrash(log);
  const version = ownVersion();
  const { env } = process;
  try {
    // What it is made of takes longer to load than all that `attach` does.
    const { serve } = await import('./serve');
    await serve({ folder, version, ports, sessionMs, idleExitMs, env, log }, handleSignals());
  } catch (error) {
    // Where it was started by another program nobody reads its stderr.
    log.error(`cannot serve: ${describeErrorChain(error)}`);
    throw error;
  }
}

/** Aborts when the agent is told to end. */
function handleSignals(): AbortSignal {
  const ended = new AbortController();
  process.on('SIGTERM', () => ended.abort());
  // Whoever started it may go.
  process.on('SIGHUP', () => undefined);
  // Without a listener Node lets a debugger in on a port of loopback, for any user of the sandbox.
  process.on('SIGUSR1', () => undefined);
  return ended.signal;
}

/** A crash must be found in the log: nobody sees what a detached process prints. */
function endOnCrash(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.error(`crashed: ${error.stack ?? describeErrorChain(error)}`);
    process.exit(EXIT.failed);
  });
}

function ownVersion(): string {
  return programVersion(readFileSync(__filename));
}

function parseOptions(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        dir: { type: 'string' },
        port: { type: 'string', multiple: true },
        'session-seconds': { type: 'string' },
        'idle-exit-seconds': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}

function folderOf({ dir }: Options): string {
  if (!dir) throw new UsageError('--dir is missing');
  return path.resolve(dir);
}

function parseNumber(option: string, value: string, min: number, max: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
  throw new UsageError(`${option} takes a number from ${min} to ${max}, not ${JSON.stringify(value)}`);
}

sparePointlessMarking();
main(process.argv.slice(2)).then(
  // Something that is still open, such as a pipe of a lost program, must not keep the process.
  () => process.exit(0),
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    process.stderr.write(`agent: ${describeErrorChain(error)}\n${isUsage ? `\n${USAGE}` : ''}`);
    if (error instanceof AttachError) process.exit(EXIT_NOT_RUNNING);
    process.exit(isUsage ? EXIT.usage : EXIT.failed);
  },
);
