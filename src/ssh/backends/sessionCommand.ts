/** What a program in the sandbox is given, so that it finds itself in an SSH session. */
import { shellQuote } from '../../base/shell';
import type { ExecRequest } from '../../cloud/provider';
import type { SessionRequest, TerminalRequest } from '../backend';
import { sttyArguments } from '../terminalModes';
import type { SandboxFacts } from './probe';

/**
 * Adds what tells a program that it runs for an SSH client: prompts and dotfiles look for it, and bash reads
 * ~/.bashrc for a command only with it. The values are sshd's for a client that is not at a socket's other end.
 */
export function inSshSession({ env, ...request }: SessionRequest): SessionRequest {
  return {
    ...request,
    env: {
      SSH_CLIENT: 'UNKNOWN 65535 65535',
      SSH_CONNECTION: 'UNKNOWN 65535 UNKNOWN 65535',
      ...env,
    },
  };
}

/** Shells that take a name behind a command, by which they complain (POSIX sh); others would take it for an argument. */
const NAMED_SHELL = /\/((?:ba|da|z|k|mk|a)?sh)$/;

/** A user's shell with a command line to run: sshd calls it by its base name, and so do its error messages. */
export function shellCommand(shell: string, command: string): ExecRequest['argv'] {
  const [, name] = NAMED_SHELL.exec(shell) ?? [];
  return [shell, '-c', command, ...(name === undefined ? [] : [name])];
}

/**
 * The same program with the variables of the user's login in its environment, as sshd sets them (environ(7)), and in the
 * terminal that was asked for.
 */
export function commandOf(
  argv: ExecRequest['argv'],
  { env, terminal }: SessionRequest,
  { home, shell, user }: Pick<SandboxFacts, 'home' | 'shell' | 'user'>,
): ExecRequest & { readonly env: Readonly<Record<string, string>> } {
  return {
    argv: terminal ? inTerminal(terminal, argv) : argv,
    workingDirectory: home,
    env: {
      HOME: home,
      ...(user !== undefined && { USER: user, LOGNAME: user, MAIL: `/var/mail/${user}` }),
      ...(shell.startsWith('/') && { SHELL: shell }),
      ...env,
      ...(terminal?.type && { TERM: terminal.type }),
    },
    ...(terminal && { terminal: { columns: terminal.columns, rows: terminal.rows } }),
  };
}

/**
 * Clouds give a terminal its size only after the program has begun, know nothing of modes, and nobody outside knows
 * its name; this script sees to all of that before.
 */
function inTerminal(
  { type, columns, rows, modes }: TerminalRequest,
  argv: ExecRequest['argv'],
): ExecRequest['argv'] {
  const settings = [['rows', String(rows), 'cols', String(columns)], ...sttyArguments(modes)];
  const script = [
    ...settings.map((args) => `stty ${args.map(shellQuote).join(' ')} 2>/dev/null`),
    'SSH_TTY=$(tty 2>/dev/null) && export SSH_TTY',
    // As sshd does where the client has none; the cloud may have set one.
    ...(type === '' ? ['unset TERM'] : []),
    'exec "$@"',
  ].join('; ');
  return ['sh', '-c', script, 'sh', ...argv];
}
