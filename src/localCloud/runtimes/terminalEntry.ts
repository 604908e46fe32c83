/** The ways into a box for a command that gets a terminal. */
import { shellQuote } from '../../base/shell';
import { enterArguments, joinArguments, type BoxEntry } from './namespaces';

/** What there is to make a terminal of. */
export interface TerminalTools {
  readonly nsenter: string;
  /** This computer's script(1), if it has util-linux's. */
  readonly hostScript: string | undefined;
  /** Whether the box has it. */
  readonly hasScript: boolean;
}

/** What brings a command into a box. */
export interface EnterCommand {
  /** Of nsenter. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether the command is the child of nsenter's child; see `enterControl`. */
  readonly isWrapped: boolean;
}

/**
 * Who makes the terminal, the best first:
 * - `box`: script(1) of the box, so that the terminal has a name there, which ttyname(3) finds
 * - `host`: script(1) of this computer, so that the terminal's session is at least one of the box, as shells with job
 *   control need: dash fails at its end if it cannot give the terminal back to whom it had it from
 * - `server`: this process; then neither is so
 */
export type TerminalMaker = 'box' | 'host' | 'server';

export function terminalMaker(
  { confinement }: Pick<BoxEntry, 'confinement'>,
  { hasScript, hostScript }: TerminalTools,
): TerminalMaker {
  if (hasScript) return 'box';
  // What is about to enter a box from there still has the root of this computer for a moment. Nothing in the box may
  // look into it (ptrace(2), access mode checking) unless both are of one user namespace.
  return hostScript !== undefined && confinement.userNamespace !== 'single' ? 'host' : 'server';
}

/** How a command enters a box with a terminal that somebody has made around nsenter. */
export function enterWithTerminal(
  entry: BoxEntry,
  tools: TerminalTools,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): EnterCommand {
  const maker = terminalMaker(entry, tools);
  if (maker === 'server') return { args: enterArguments(entry, argv), env, isWrapped: false };
  const shell = env['SHELL'];
  const scriptEnv = { ...env, SHELL: SCRIPT_SHELL };
  if (maker === 'box') {
    const args = enterArguments(entry, scriptCommand('script', argv, shell));
    return { args, env: scriptEnv, isWrapped: true };
  }
  const join = [tools.nsenter, ...joinArguments(entry, argv)];
  // nsenter becomes script, which stays outside; its child is one of the box's processes from the first.
  const args = [
    ...['--target', String(entry.pid), '--pid', '--no-fork', '--'],
    ...scriptCommand(tools.hostScript ?? 'script', join, shell),
  ];
  return { args, env: scriptEnv, isWrapped: false };
}

/** script runs its command by $SHELL, so that is set aside for it: the command gets its own back. */
const SCRIPT_SHELL = '/bin/sh';

function scriptCommand(script: string, argv: readonly string[], shell: string | undefined): string[] {
  const ownShell = shell === undefined ? 'unset SHELL' : `export SHELL=${shellQuote(shell)}`;
  const command = `${ownShell}; exec ${argv.map(shellQuote).join(' ')}`;
  return [script, '--quiet', '--return', '--command', command, '/dev/null'];
}
