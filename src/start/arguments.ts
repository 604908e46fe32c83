import { shellQuote } from '../base/shell';

/** What `npm start` was asked to do. */
export interface StartArguments {
  readonly help: boolean;
  /** The command line for the sandbox's shell; undefined for a shell or an editor. */
  readonly command: string | undefined;
}

export const USAGE = `Usage: npm start [-- COMMAND…]

Starts the local sandbox cloud, creates a sandbox if there is none, and opens it: in an editor window if a desktop
VS Code or a fork of it is on PATH, else as a shell. With a COMMAND, runs it in the sandbox, prints its output and
exits with its exit code. One argument is a line for the sandbox's shell; several are run as they are.
`;

export function parseStartArguments(given: readonly string[]): StartArguments {
  // npm takes the separator away; someone who calls the script without npm leaves it in.
  const argv = given[0] === '--' ? given.slice(1) : given;
  const [first] = argv;
  if (given[0] === '--help' || given[0] === '-h') return { help: true, command: undefined };
  if (first === undefined) return { help: false, command: undefined };
  // ssh joins its arguments with spaces; quoted, several of them reach the program as they were given.
  return { help: false, command: argv.length === 1 ? first : argv.map(shellQuote).join(' ') };
}
