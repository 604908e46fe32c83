import { shellQuote } from '../../../base/shell';
import type { ByteString } from '../../../sftp/remoteFiles';

/**
 * What the files of a sandbox are served with: functions for a POSIX shell that need no more than the utilities they
 * name. A function that fails has printed why, as its utility did or in the same form: the reason after the last
 * colon. Paths are absolute or begin with `./`, so none is taken for an option.
 */
const FUNCTIONS = `
refuse() { echo ": $1"; return 1; }
exists() { [ -e "$1" ] || [ -L "$1" ]; }

# A dot behind the output of a substitution keeps the line breaks at its end.
# The attributes of files, each with its name and a slash behind it: the one character no name can hold.
if stat -c %f / >/dev/null 2>&1; then
  attributes() { stat -c '%f %s %u %g %X %Y %n/' "$@"; }
  followed() { stat -L -c '%f %s %u %g %X %Y %n/' "$@"; }
elif stat -f %Xp / >/dev/null 2>&1; then
  attributes() { stat -f '%Xp %z %u %g %a %m %N/' "$@"; }
  followed() { stat -L -f '%Xp %z %u %g %a %m %N/' "$@"; }
else
  by_ls() {
    for _f do
      _l=$(ls -lnd$_follow "$_f" && echo .) || return
      printf '%s %s/\\n' "\${_l%%" $_f"*}" "$_f"
    done
  }
  attributes() { _follow=; by_ls "$@"; }
  followed() { _follow=L; by_ls "$@"; }
fi

# The entries of a folder; one that vanishes meanwhile is left out.
list() (
  [ -d "$1" ] || { followed "$1" >/dev/null && refuse 'Not a directory'; return; }
  cd "$1" 2>/dev/null && [ -r . ] || { refuse 'Permission denied'; return; }
  set -- . .. .[!.]* ..?* *
  while [ $# -gt 200 ]; do
    some "$@"
    shift 200
  done
  each "$@"
  return 0
)
# The first 200 of a longer list: an argument list has a limit.
some() {
  _n=$(($# - 200)) _names=
  _i=1
  while [ $_i -le 200 ]; do _names="$_names \\"\\\${$_i}\\""; _i=$((_i + 1)); done
  eval "each $_names"
}
each() {
  _i=$#
  while [ $_i -gt 0 ]; do
    _name=$1; shift
    ! exists "./$_name" || set -- "$@" "./$_name"
    _i=$((_i - 1))
  done
  [ $# -eq 0 ] || attributes "$@" 2>/dev/null
}

# Prints "created" if it did. open PATH ACCESS CREATE EXCLUSIVE TRUNCATE UMASK PERMISSIONS
open() {
  [ ! -d "$1" ] || { refuse 'Is a directory'; return; }
  if [ "$3" = 1 ] && ! [ -e "$1" ]; then
    if [ "$4" = 1 ]; then (umask "$6" && set -C && true >"$1"); else (umask "$6" && true >>"$1"); fi || return
    [ -z "$7" ] || chmod "$7" "$1" || return
    echo created
    return
  fi
  if [ "$4" = 1 ]; then refuse 'File exists'; return; fi
  followed "$1" >/dev/null || return
  case $2 in *r*) [ -r "$1" ] || { refuse 'Permission denied'; return; };; esac
  case $2 in *w*) [ -r "$1" ] && [ -w "$1" ] || { refuse 'Permission denied'; return; };; esac
  if [ "$5" = 1 ] && [ -f "$1" ]; then (true >"$1"); fi
}

real_path() {
  if command -v readlink >/dev/null 2>&1 && readlink -f "$1" 2>/dev/null; then return; fi
  if [ -d "$1" ]; then (cd "$1" && pwd -P); return; fi
  case $1 in */*) _d=\${1%/*};; *) _d=.;; esac
  [ -d "$_d/" ] || { followed "$_d/" >/dev/null && refuse 'Not a directory'; return 1; }
  (cd "$_d/" && _d=$(pwd -P; echo .) && _d=\${_d%??} && printf '%s/%s\\n' "\${_d%/}" "\${1##*/}")
}

read_link() {
  [ -L "$1" ] || { ! attributes "$1" >/dev/null || refuse 'Invalid argument'; return 1; }
  if command -v readlink >/dev/null 2>&1; then readlink "$1"; return; fi
  _l=$(ls -ld "$1" && echo .) && _l=\${_l%??} && printf '%s\\n' "\${_l#*"$1 -> "}"
}

symbolic_link() { ! exists "$2" || { refuse 'File exists'; return; }; ln -s -- "$1" "$2"; }
hard_link() { ! exists "$2" || { refuse 'File exists'; return; }; ln "$1" "$2"; }
rename() { ! exists "$2" || { refuse 'File exists'; return; }; mv -f "$1" "$2"; }

# As rename(2) does it; mv alone would move into a folder.
replace() {
  attributes "$1" >/dev/null || return
  if [ -d "$2" ]; then
    if [ -L "$2" ]; then rm -f "$2"
    elif [ -d "$1" ] && [ ! -L "$1" ]; then rmdir "$2"
    else refuse 'Is a directory'; fi || return
  elif [ -d "$1" ] && [ ! -L "$1" ] && exists "$2"; then
    refuse 'Not a directory'; return
  fi
  mv -f "$1" "$2"
}

remove() { if [ -d "$1" ] && [ ! -L "$1" ]; then refuse 'Is a directory'; else rm "$1"; fi; }

truncate_to() {
  [ -f "$2" ] || { ! followed "$2" >/dev/null || refuse 'Invalid argument'; return 1; }
  [ -w "$2" ] || { refuse 'Permission denied'; return; }
  _m=$(dd of="$2" bs=1 seek="$1" count=0 2>&1) || { echo "$_m"; return 1; }
}

# A file to its end. Anything else has none, or none before somebody writes to it.
whole() { [ -f "$1" ] || { ! followed "$1" >/dev/null || refuse 'Not a file'; return 1; }; cat "$1"; }

change_own_mode() { [ ! -L "$2" ] || { refuse 'A link has no permissions of its own'; return; }; chmod "$@"; }
set_time() { TZ=UTC0 touch -c "$@"; }
file_system() { stat -f -c '%s %S %b %f %a %c %d %l' "$1"; }
to_disk() { sync "$1" 2>/dev/null || sync; }
`;

/** Whether a sandbox with these tools can do the least; what else it lacks is refused when it is asked for. */
export function canServeFiles(tools: ReadonlySet<string>): boolean {
  return tools.has('cat') && tools.has('ls') && tools.has('dd');
}

/** Printed behind each answer, on a line of its own with the exit code behind it. */
export const answerEnd = (token: string): string => `\n${token} `;

/** The text that a new shell reads first. `token` is what nothing else in its output will look like. */
export function preamble(token: string): string {
  return `${FUNCTIONS}
answer() { "$@" </dev/null 2>&1; printf '\\n%s %s\\n' ${token} "$?"; }
`;
}

/** One line (or more, if a word has a line break) that makes the shell call a function and answer. */
export function callOf(words: readonly ByteString[]): string {
  return `answer ${words.map(shellQuote).join(' ')}\n`;
}

/** What opens a file for its data. \$1 is the path as printf's %b writes it, \$2 the offset. */
const OPEN_PATH = `f=$(printf '%b.' "$1") && f=\${f%.} || exit; `;
// Both sides of a seek share one open file (POSIX dd and 2.9.7 Shell redirection), so cat goes on where dd put it.
const SEEK_IN = `[ "$2" = 0 ] || dd bs=1 skip="$2" count=0 2>/dev/null || exit; `;
const SEEK_OUT = `[ "$2" = 0 ] || dd bs=1 seek="$2" count=0 conv=notrunc 2>/dev/null </dev/null || exit; `;

export const READ_SCRIPT = `${OPEN_PATH}exec <"$f" || exit; ${SEEK_IN}exec cat`;
export const WRITE_SCRIPT = `${OPEN_PATH}exec 1<>"$f" || exit; ${SEEK_OUT}exec cat`;
export const APPEND_SCRIPT = `${OPEN_PATH}exec cat >>"$f"`;
