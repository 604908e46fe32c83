import type { Case } from '../case';
import { command } from '../commands';

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
  command('has the PATH of the user root', 'echo "$PATH"', {
    stdout: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n',
  }),
  command('has the variables of a login', 'echo "$USER $LOGNAME $HOME $SHELL $PWD"', {
    stdout: 'root root /root /bin/bash /root\n',
  }),
  command("runs the line by the user's own shell", 'echo "${BASH_VERSION:+bash}"; shopt login_shell', {
    stdout: /^bash\n/,
    code: 1,
  }),
  command('starts in the home folder', 'pwd; cd work && pwd', { stdout: '/root\n/root/work\n' }),
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
