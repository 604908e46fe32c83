import type { ProcessControl } from '../../processes/hostProcess';
import { killSession } from '../../processes/session';
import { listProcesses, sendSignal, type ProcessInfo } from '../../processes/procfs';

/**
 * Reaches a command that nsenter(1), or what it has become, runs as its child. nsenter itself is left alone: a command
 * that loses it belongs to the host's init, and the box cannot end before that gets round to it. With the command
 * gone, nsenter ends too. But it has stopped itself if its command was stopped (SIGSTOP), and so has script(1) if it
 * stands between; neither sees its command end before it is continued.
 *
 * `wrapped`: the command is a child of script(1), which is nsenter's child, and has a session of its own.
 */
export function enterControl(nsenter: number, wrapped: boolean): ProcessControl {
  const findCommand = (all: readonly ProcessInfo[]): ProcessInfo | undefined => {
    const child = all.find(({ parent }) => parent === nsenter);
    return wrapped ? all.find(({ parent }) => parent === child?.pid) : child;
  };
  return {
    signal: (number) => {
      const all = listProcesses();
      const command = findCommand(all);
      const targets = all.filter(({ pid, group }) => pid !== nsenter && group === command?.group);
      for (const { pid } of targets) sendSignal(pid, number);
    },
    kill: () => {
      const command = findCommand(listProcesses());
      if (!command) {
        // Not there yet, or no more: then nsenter is all there is to end.
        sendSignal(nsenter, 'SIGKILL');
        return;
      }
      killSession(command.session, nsenter);
      // One that is just being started may have left for a session of its own since the process table was read.
      sendSignal(command.pid, 'SIGKILL');
      killSession(command.pid);
      sendSignal(nsenter, 'SIGCONT');
    },
  };
}
