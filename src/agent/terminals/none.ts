import { spawn } from 'node:child_process';
import { nodePipedProcess, NO_PROCESS } from '../../processes/hostProcess';
import { sessionControl } from '../../processes/session';
import type { TerminalMaker } from './terminal';

const NOTICE =
  'cloud-sandboxes: this sandbox can make no terminal (it has neither python3 nor script), so this is a plain pipe';
/** Both outputs are one, as in a terminal. */
const SCRIPT = 'exec 2>&1; printf "%s\\r\\n" "$0"; exec "$@"';

/** No terminals: a pipe, and a notice that says so. */
export const noTerminals: TerminalMaker = {
  name: 'none',
  start: ({ argv, env, cwd }) => {
    const child = spawn('/bin/sh', ['-c', SCRIPT, NOTICE, ...argv], {
      cwd,
      env,
      detached: true,
      stdio: 'pipe',
    });
    const control = child.pid === undefined ? NO_PROCESS : sessionControl(child.pid);
    return Promise.resolve(nodePipedProcess(child, control));
  },
};
