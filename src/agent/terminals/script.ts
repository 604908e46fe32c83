import { execFile, spawn } from 'node:child_process';
import { shellQuote } from '../../base/shell';
import { MAKER_STDIO, startedTerminal } from './makerProcess';
import type { TerminalMaker } from './terminal';

const RESIZE_MS = 5_000;
/** Quiet, with the command's exit code, each output at once. */
const OPTIONS = ['-q', '-e', '-f', '-c'];

/** An exit code that nothing else would give. */
export const SCRIPT_TRIAL_CODE = 73;
/** Arguments of script(1) that tell whether it is the one of util-linux: busybox's knows no `-e`. */
export const scriptTrial: readonly string[] = [...OPTIONS, `exit ${SCRIPT_TRIAL_CODE}`, '/dev/null'];

/**
 * Terminals made by script(1) of util-linux. It tells a command that died of a signal by the exit code 128 + its
 * number, takes no input while its output is held, and types control-D where its own input ends.
 */
export const scriptTerminals: TerminalMaker = {
  name: 'script',
  start: async ({ argv, env, cwd, columns, rows }) => {
    const maker = spawn('script', [...OPTIONS, commandLine(argv, env, columns, rows), '/dev/null'], {
      cwd,
      // It has this shell run the command line, and the user's may be none of POSIX's.
      env: { ...env, SHELL: '/bin/sh' },
      detached: true,
      stdio: [...MAKER_STDIO],
    });
    const { process, greeting, control } = await startedTerminal(maker);
    control.destroy();
    const device = greeting.slice(greeting.indexOf(' ') + 1);
    return { ...process, resize: (newColumns, newRows) => setSize(device, newColumns, newRows) };
  },
};

/** Tells the process id and the terminal's name on descriptor 3, which the command does not get to see. */
function commandLine(argv: readonly string[], env: NodeJS.ProcessEnv, columns: number, rows: number): string {
  const shell = env['SHELL'];
  return [
    `echo "$$ $(tty)" >&3`,
    'exec 3>&-',
    'unset SCRIPT',
    shell === undefined ? 'unset SHELL' : `SHELL=${shellQuote(shell)}`,
    // Where its input is no terminal, it turns the echo off and knows no size.
    `stty sane rows ${rows} cols ${columns} 2>/dev/null`,
    `exec ${argv.map(shellQuote).join(' ')}`,
  ].join('; ');
}

/** The kernel tells the program in the foreground (SIGWINCH). A terminal that is gone needs no size. */
function setSize(device: string, columns: number, rows: number): void {
  const size = ['rows', String(rows), 'cols', String(columns)];
  execFile('stty', ['-F', device, ...size], { timeout: RESIZE_MS }, () => undefined);
}
