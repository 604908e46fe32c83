// The programs that tests use besides Node, and how they come onto a Debian system.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { say } from '../scripts/prepare.mjs';

/** Each program with the Debian package that has it and the tests that are skipped without it. */
const PROGRAMS = [
  { program: 'bwrap', package: 'bubblewrap', tests: 'everything that runs in a bubblewrap sandbox' },
  { program: 'ssh', package: 'openssh-client', tests: 'everything that goes through ssh' },
  { program: 'sftp', package: 'openssh-client', tests: 'file transfer' },
  { program: 'git', package: 'git', tests: 'a clean checkout, and git through ssh' },
  { program: 'rsync', package: 'rsync', tests: 'file transfer by rsync' },
  { program: '/usr/lib/openssh/sftp-server', package: 'openssh-sftp-server', tests: 'file transfer by SFTP' },
  { program: 'sshfs', package: 'sshfs', tests: 'a sandbox mounted by sshfs' },
  { program: '/usr/sbin/sshd', package: 'openssh-server', tests: 'comparison with a real SSH server' },
  { program: 'ssh1', package: 'openssh-client-ssh1', tests: "OpenSSH 7.5's client" },
  { program: 'dbclient', package: 'dropbear-bin', tests: "Dropbear's client" },
  { program: 'plink', package: 'putty-tools', tests: "PuTTY's client" },
  { program: 'vim', package: 'vim', tests: 'editing in a terminal' },
  { program: 'less', package: 'less', tests: 'reading in a terminal' },
  { program: 'top', package: 'procps', tests: 'watching in a terminal' },
  { program: 'busybox', package: 'busybox-static', tests: 'the bare sandbox' },
  { program: 'setpriv', package: 'util-linux', tests: 'the unprivileged sandbox' },
  { program: 'python3', package: 'python3', tests: 'relay by python3' },
  { program: 'perl', package: 'perl', tests: 'relay by perl' },
  { program: 'ruby', package: 'ruby', tests: 'relay by ruby' },
  { program: 'php', package: 'php-cli', tests: 'relay by php' },
  { program: 'zsh', package: 'zsh', tests: 'relay by zsh' },
  { program: 'socat', package: 'socat', tests: 'relay by socat' },
  { program: 'ncat', package: 'ncat', tests: 'relay by ncat' },
  { program: 'nc.openbsd', package: 'netcat-openbsd', tests: "relay by OpenBSD's nc" },
  { program: 'nc.traditional', package: 'netcat-traditional', tests: 'relay by the traditional nc' },
  { program: 'chromium', package: 'chromium', tests: 'the extension in a real VS Code' },
  {
    program: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
    package: 'fonts-dejavu-core',
    tests: 'readable screenshots',
  },
];

/** On Debian as root, installs what is missing; elsewhere says what that will skip. */
export function installSystemPackages() {
  const missing = PROGRAMS.filter(({ program }) => !isThere(program));
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    // Tests unpack more packages by themselves, which takes package lists.
    if (missing.length > 0 || !hasPackageLists()) apt('update');
    if (missing.length === 0) return;
    const packages = [...new Set(missing.map((entry) => entry.package))];
    say(`installing ${packages.join(' ')} …`);
    apt('install', '--yes', '--no-install-recommends', ...packages);
    return;
  }
  for (const entry of missing)
    say(`${entry.program} is missing (Debian: ${entry.package}); skipped: ${entry.tests}`);
}

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync('apt-get', ['--quiet=2', ...args], { stdio: ['ignore', 2, 2], env });
  if (status !== 0) say(`apt-get ${args[0]} failed; tests that need what is missing will fail`);
}

function hasPackageLists() {
  const lists = '/var/lib/apt/lists';
  return (
    existsSync(lists) &&
    readdirSync(lists).some((name) => name.endsWith('_Packages') || name.includes('_Packages.'))
  );
}

function isThere(program) {
  if (path.isAbsolute(program)) return existsSync(program);
  return (process.env.PATH ?? '').split(path.delimiter).some((dir) => {
    try {
      accessSync(path.join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
