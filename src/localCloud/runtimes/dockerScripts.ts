/**
 * Shell scripts that run inside a box. The engine's API neither signals a command nor says which process it is in
 * the box, so each command is started by a line of shell that reports its process id first. Only what the shell
 * itself has is used: an image need not have anything but a POSIX `sh` at /bin/sh. The helpers end by writing a line,
 * which says that their work is done before the engine says that they ended.
 */

const SHELL = '/bin/sh';

/** The first process of a box: ends at once when told to. */
export const IDLE_COMMAND: readonly string[] = [
  SHELL,
  '-c',
  `trap 'exit 0' TERM INT; while :; do sleep 2147483 & wait $!; done`,
];

/** Says "ready" where commands can run. */
export const READY_COMMAND: readonly string[] = [SHELL, '-c', 'echo ready'];
export const READY_ANSWER = 'ready';

/**
 * A command line that writes its own process id as a first line to stdout and then becomes `argv`. In a terminal it
 * waits for a line of input in between, so that the terminal can be given its size before the command looks at it.
 */
export function launchCommand(argv: readonly string[], terminal: boolean): string[] {
  const script = `echo $$; ${terminal ? 'read -r go; ' : ''}exec "$@"`;
  return [SHELL, '-c', script, SHELL, ...argv];
}

/** Signals the process group of a launched command. An engine whose commands lead no group: the command alone. */
export function signalCommand(pid: number, signal: number): string[] {
  return [SHELL, '-c', `{ kill -${signal} -${pid} || kill -${signal} ${pid}; } 2>/dev/null; echo done`];
}

/** Says "ended" if a launched command did. */
export function isEndedCommand(pid: number): string[] {
  return [SHELL, '-c', `if kill -0 ${pid} 2>/dev/null; then echo runs; else echo ended; fi`];
}

/** Creates a folder and those above it; says "made", or why it cannot. */
export function makeFolderCommand(folder: string): string[] {
  return [SHELL, '-c', 'mkdir -p -- "$1" 2>&1 && echo made', SHELL, folder];
}

/**
 * Kills every process of the session that a launched command leads. Processes that fork meanwhile are caught by
 * looking again until none is left; zombies (state Z, X) do not count. What a process calls itself stands in
 * parentheses before its state, parent, group and session (proc_pid_stat(5)).
 */
export function killSessionCommand(pid: number): string[] {
  const script = `
    for round in 1 2 3 4 5 6 7 8 9 10; do
      alive=
      for stat in /proc/[0-9]*/stat; do
        read -r line 2>/dev/null <"$stat" || continue
        set -- \${line##*) }
        case $1:$4 in Z:*|X:*) continue ;; *:${pid}) ;; *) continue ;; esac
        alive=1 process=\${stat#/proc/}
        kill -9 "\${process%/stat}" 2>/dev/null
      done
      case $alive in '') break ;; esac
    done
    echo done`;
  return [SHELL, '-c', script];
}
