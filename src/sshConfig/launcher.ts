/**
 * The launcher is what ssh runs as ProxyCommand. It finds a Node runtime and becomes our connection process; it is
 * needed because an environment variable cannot be set in a ProxyCommand that works everywhere, and because the
 * paths in it change with each update of the editor and of this extension.
 */
import { EXTRA_CA_FILE } from '../base/extraCa';
import { shellQuote } from '../base/shell';
import { SshConfigError } from './errors';

export interface LauncherSpec {
  /** Programs to try in turn: editors' executables, which then run as Node, or Node itself. Absolute paths. */
  readonly runtimes: readonly string[];
  /** The connection program. Absolute path. */
  readonly script: string;
  /** Folder where the connection finds brokers. Absolute path. */
  readonly runDir: string;
}

const product = 'Cloud Sandboxes';
const noName = `${product}: this sandbox is not known here, or was deleted; refresh the list in the side bar`;
const noScript = `${product}: the extension was updated or removed; start the editor once and try again`;
const noRuntime = `${product}: no Node.js 20 or newer was found; start the editor once, or install Node.js`;

/**
 * The words of the command that runs a launcher. A shell reads it, because a file system that is mounted with "noexec",
 * as some home folders are (mount(8)), has it read but not executed. Windows goes by the ending.
 */
export function launcherCommand(
  file: string,
  platform: NodeJS.Platform = process.platform,
): readonly [string, ...string[]] {
  return platform === 'win32' ? [file] : ['/bin/sh', file];
}

/** For POSIX systems: sh, without anything that dash or busybox lack. */
export function renderPosixLauncher({ runtimes, script, runDir }: LauncherSpec): string {
  const list = runtimes.map(shellQuote).join(' ');
  return `#!/bin/sh
# Written by the Cloud Sandboxes extension. Changes are lost.
# Run by ssh with an alias as its only argument.
fail() {
  echo "$1" >&2
  exit 127
}
script=${shellQuote(script)}
run_dir=${shellQuote(runDir)}
[ $# -eq 1 ] || fail ${shellQuote(noName)}
[ -r "$script" ] || fail ${shellQuote(noScript)}
# Options for the editor's own processes and its debugger would change ours.
unset NODE_OPTIONS
# An editor in a snap or AppImage leaves its library paths to its children; they fit no other program.
if [ -n "\${SNAP-}\${APPDIR-}" ]; then
  unset LD_LIBRARY_PATH LD_PRELOAD
fi
# Node reads these at its start, before it is known whether they are needed, and that takes longer than all else.
if [ -n "\${NODE_EXTRA_CA_CERTS-}" ]; then
  ${EXTRA_CA_FILE}=$NODE_EXTRA_CA_CERTS
  export ${EXTRA_CA_FILE}
  unset NODE_EXTRA_CA_CERTS
fi
ELECTRON_RUN_AS_NODE=1
export ELECTRON_RUN_AS_NODE
for runtime in ${list}; do
  if [ -f "$runtime" ] && [ -x "$runtime" ]; then
    exec "$runtime" "$script" --run-dir "$run_dir" "$1"
  fi
done
if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' </dev/null >/dev/null 2>&1; then
  exec node "$script" --run-dir "$run_dir" "$1"
fi
fail ${shellQuote(noRuntime)}
`;
}

/**
 * For Windows: a batch file, in the form that keeps stdin's bytes intact and the exit code. Its text must be ASCII,
 * for cmd.exe reads it in the console's code page. Throws `unsupported-path` for a path that cannot be written so.
 */
export function renderCmdLauncher(
  { runtimes, script, runDir }: LauncherSpec,
  env: NodeJS.ProcessEnv,
): string {
  const usable = runtimes.filter((runtime) => isAscii(cmdPath(runtime, env)));
  const run = `"%SCRIPT%" --run-dir "%RUN_DIR%" "%~1"`;
  const attempts = usable.map((runtime) => {
    const quoted = `"${cmdPath(runtime, env)}"`;
    return `if exist ${quoted} (\n  ${quoted} ${run}\n  exit /b\n)\n`;
  });
  const text = `@echo off
rem Written by the Cloud Sandboxes extension. Changes are lost.
setlocal DisableDelayedExpansion
set "SCRIPT=${asciiCmdPath(script, env)}"
set "RUN_DIR=${asciiCmdPath(runDir, env)}"
set "NODE_OPTIONS="
set "${EXTRA_CA_FILE}=%NODE_EXTRA_CA_CERTS%"
set "NODE_EXTRA_CA_CERTS="
set "ELECTRON_RUN_AS_NODE=1"
if "%~1"=="" (
  echo ${noName}>&2
  exit /b 127
)
if not exist "%SCRIPT%" (
  echo ${noScript}>&2
  exit /b 127
)
${attempts.join('')}node -e "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)" <nul >nul 2>&1
if errorlevel 1 (
  echo ${noRuntime}>&2
  exit /b 127
)
node ${run}
`;
  return text.replaceAll('\n', '\r\n');
}

/** Folders that may have other than ASCII letters in them (the user's name), by the variables that cmd.exe knows. */
const folderVariables = ['LOCALAPPDATA', 'APPDATA', 'USERPROFILE'] as const;

function cmdPath(file: string, env: NodeJS.ProcessEnv): string {
  for (const name of folderVariables) {
    const folder = env[name];
    if (folder && file.toLowerCase().startsWith(`${folder.toLowerCase()}\\`)) {
      return `%${name}%${file.slice(folder.length).replaceAll('%', '%%')}`;
    }
  }
  return file.replaceAll('%', '%%');
}

function asciiCmdPath(file: string, env: NodeJS.ProcessEnv): string {
  const text = cmdPath(file, env);
  if (isAscii(text)) return text;
  const message = `Cannot use ${file} in a batch file: only letters of ASCII work outside your own folder; move it there`;
  throw new SshConfigError('unsupported-path', message);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
