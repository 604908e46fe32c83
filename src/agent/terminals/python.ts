import { spawn } from 'node:child_process';
import { MAKER_STDIO, startedTerminal } from './makerProcess';
import { PYTHON_PROGRAM } from './pythonProgram';
import type { TerminalMaker } from './terminal';

/** Without the user's variables, site packages and working folder: nothing of theirs shall run in it. */
const ISOLATED = ['-I', '-S', '-c'];

/** What the program needs, tried out; prints where the interpreter is, since `python3` may be a launcher script. */
const TRIAL = `
import fcntl, os, resource, select, signal, struct, sys, termios
os.set_blocking(os.openpty()[0], False)
print(sys.executable)
`;

/** Arguments of a Python interpreter that tell whether it will do. */
export const pythonTrial: readonly string[] = [...ISOLATED, TRIAL];

/** Terminals made by Python: sizes, signals and exit codes are exact. `interpreter` is an absolute path. */
export function pythonTerminals(interpreter: string): TerminalMaker {
  return {
    name: 'python3',
    start: async ({ argv, env, cwd, columns, rows }) => {
      const maker = spawn(interpreter, [...ISOLATED, PYTHON_PROGRAM, ...argv], {
        cwd,
        env: { PATH: env['PATH'], LC_ALL: 'C' },
        detached: true,
        stdio: [...MAKER_STDIO],
      });
      const task = Buffer.concat([sizeOf(columns, rows), environmentOf(env)]);
      const { process, control } = await startedTerminal(maker, task);
      return { ...process, resize: (newColumns, newRows) => void control.write(sizeOf(newColumns, newRows)) };
    },
  };
}

function sizeOf(columns: number, rows: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(columns, 0);
  size.writeUInt16BE(rows, 2);
  return size;
}

function environmentOf(env: NodeJS.ProcessEnv): Buffer {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const text = Buffer.from(entries.join('\0'));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}
