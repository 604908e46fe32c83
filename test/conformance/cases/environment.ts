import type { Case } from '../case';
import { command } from '../commands';

/** Its name, since not every sandbox has the PATH of sshd. */
export const PATH_CASE = 'has the usual folders in its PATH';

/** What sshd sets itself (ssh(1), ENVIRONMENT). */
const LOGIN_VARIABLES = [
  ...['USER', 'LOGNAME', 'HOME', 'SHELL', 'MAIL'],
  ...['PATH', 'SSH_CLIENT', 'SSH_CONNECTION'],
];

export const environmentCases: readonly Case[] = [
  command('sets what SetEnv says', 'echo "$FOO,$BAR"', {
    options: ['-o', `SetEnv=FOO=bar "BAR=two  words; $(id) 'x'"`],
    stdout: "bar,two  words; $(id) 'x'\n",
  }),
  command('sets LANG and the variables of a locale', 'echo "$LANG $LC_TIME"; locale charmap', {
    options: ['-o', 'SetEnv=LANG=C.UTF-8 LC_TIME=C'],
    stdout: 'C.UTF-8 C\nUTF-8\n',
  }),
  command('does not set TERM without a terminal', 'printenv TERM || echo none', { stdout: 'none\n' }),
  command(PATH_CASE, 'echo "$PATH"', { stdout: /(^|:)\/usr\/local\/bin:(.+:)?\/usr\/bin:(.+:)?\/bin\b/ }),
  command(
    'has the variables of a login',
    `echo "$USER $LOGNAME $HOME $SHELL $PWD $MAIL"; getent passwd "$(id -u)" | awk -F: '{ print $1, $1, $6, $7, $6, "/var/mail/" $1 }'`,
    { stdout: /^(.+)\n\1\n$/ },
  ),
  command(
    'has them whatever the client says',
    'echo "$USER $LOGNAME $HOME $SHELL $MAIL"; echo "$PATH $SSH_CLIENT $SSH_CONNECTION" | /bin/grep -c nonsense',
    {
      options: ['-o', `SetEnv=${LOGIN_VARIABLES.map((name) => `${name}=nonsense`).join(' ')}`],
      stdout: /^(\S+) \1 \S+ \S+ \S+\n0\n$/,
      code: 1,
    },
  ),
  command("runs the line by the user's own shell", 'echo "${BASH_VERSION:+bash}"; shopt login_shell', {
    stdout: /^bash\n/,
    code: 1,
  }),
  command('starts in the home folder', '[ "$PWD" = ~ ] && cd work && [ "$PWD" = ~/work ]'),
  command(
    'says that it is an SSH session',
    'echo "${SSH_CONNECTION:+yes} ${SSH_CLIENT:+yes} ${SSH_TTY-none}"',
    {
      stdout: 'yes yes none\n',
    },
  ),
  command('has the usual file mode mask', 'umask; : >work/file; mkdir work/folder', { stdout: '0022\n' }),
  command('blocks and ignores no signals', 'grep -E "^Sig(Blk|Ign)" /proc/self/status', {
    stdout: 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n',
  }),
];
