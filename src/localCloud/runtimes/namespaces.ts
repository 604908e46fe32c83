/** Command lines of bwrap(1) and nsenter(1). */
import { existsSync } from 'node:fs';
import type { BoxSpec } from './runtime';

/** Folders of the host that a box keeps between runs. */
export interface BoxFolders {
  readonly home: string;
  readonly workspace: string;
  readonly etc: string;
}

/** How the root of a box is kept from being the root of the host. */
export interface Confinement {
  /**
   * - `none`: the box's root is the host's, so `dropCapabilities` must hold
   * - `nested`: the host's root in two nested user namespaces; the inner one, where commands run, has no power over
   *   the mounts, which belong to the outer one
   * - `single`: an ordinary user of the host, who is root in a user namespace
   */
  readonly userNamespace: 'none' | 'nested' | 'single';
  /**
   * All but {@link KEPT_CAPABILITIES} are dropped for good. setpriv(1) does it from inside, so this is for boxes that
   * use the host's programs.
   */
  readonly dropCapabilities: boolean;
}

/**
 * What container engines leave to root, without the making of device nodes and raw packets: enough to change owners,
 * to change user, and to run servers. An sshd that may not write to the audit log ends when it opens a terminal.
 */
const KEPT_CAPABILITIES = [
  'audit_write',
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'net_bind_service',
  'setgid',
  'setuid',
  'sys_chroot',
];

/** Printed by the box's first process once all is mounted. */
export const READY_LINE = 'ready';
const FIRST_PROCESS = `echo ${READY_LINE}; exec sleep 2147483647`;

/** Arguments of bwrap that make the namespaces of a box and keep them. `root`: what the root folder is made of. */
export function boxArguments(
  box: BoxSpec,
  folders: BoxFolders,
  { userNamespace }: Confinement,
  root: readonly string[],
): string[] {
  return [
    '--die-with-parent',
    '--unshare-pid',
    '--unshare-uts',
    '--unshare-ipc',
    ...(userNamespace === 'none' ? [] : ['--unshare-user', '--uid', '0', '--gid', '0']),
    ...(userNamespace === 'nested' ? ['--disable-userns'] : []),
    ...(box.network ? [] : ['--unshare-net']),
    ...['--hostname', box.hostname],
    ...root,
    ...['--proc', '/proc', '--dev', '/dev'],
    ...(userNamespace === 'single' ? [] : shieldProc()),
    ...['--perms', '1777', '--tmpfs', '/tmp'],
    ...['--perms', '0755', '--tmpfs', '/run', '--perms', '0755', '--dir', '/run/sshd'],
    ...['--bind', folders.home, '/root', '--bind', folders.workspace, '/workspace'],
    ...['--chdir', '/', '--clearenv', '--setenv', 'PATH', BOX_PATH],
    ...['--json-status-fd', '3'],
    ...['sh', '-c', FIRST_PROCESS],
  ];
}

/**
 * The kernel lets the host's root change its settings through /proc even with no capability left. The same files
 * that container engines protect are read-only or empty.
 */
function shieldProc(): string[] {
  const readOnly = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);
  const masked = ['kcore', 'keys', 'latency_stats', 'sched_debug', 'timer_list'].map(
    (name) => `/proc/${name}`,
  );
  return [
    ...readOnly.flatMap((file) => (existsSync(file) ? ['--ro-bind', file, file] : [])),
    ...masked.flatMap((file) => (existsSync(file) ? ['--ro-bind', '/dev/null', file] : [])),
  ];
}

/** Root folder of a box that uses the host's programs: parents of what is mounted must be open to all. */
export function hostRoot(folders: BoxFolders, usr: readonly string[]): string[] {
  const dirs = ['/var', '/var/lib', '/var/log', '/var/cache', '/home', '/mnt', '/opt', '/srv'];
  return [
    ...['--bind', folders.etc, '/etc'],
    ...usr,
    ...dirs.flatMap((dir) => ['--perms', '0755', '--dir', dir]),
    ...['--perms', '1777', '--dir', '/var/tmp', '--symlink', '/run', '/var/run'],
  ];
}

export const BOX_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where and how a command enters a box. */
export interface BoxEntry {
  /** Of the box's first process, on the host. */
  readonly pid: number;
  /** Whether the box shares the host's network. */
  readonly network: boolean;
  readonly confinement: Confinement;
  readonly workingDir: string;
}

/** Arguments of nsenter that run a command in a box. The command keeps nsenter's environment. */
export function enterArguments(entry: BoxEntry, argv: readonly string[]): string[] {
  return ['--pid', ...joinArguments(entry, argv)];
}

/** Like {@link enterArguments}, for an nsenter that is one of the box's processes already. */
export function joinArguments(
  { pid, network, confinement, workingDir }: BoxEntry,
  argv: readonly string[],
): string[] {
  return [
    ...['--target', String(pid), '--mount', '--uts', '--ipc'],
    ...(network ? [] : ['--net']),
    ...(confinement.userNamespace === 'none' ? [] : ['--user', '--preserve-credentials']),
    '--root',
    `--wdns=${workingDir}`,
    '--',
    ...(confinement.dropCapabilities ? dropCapabilities() : []),
    ...argv,
  ];
}

function dropCapabilities(): string[] {
  const kept = ['-all', ...KEPT_CAPABILITIES.map((name) => `+${name}`)].join(',');
  return [
    'setpriv',
    '--no-new-privs',
    `--bounding-set=${kept}`,
    '--inh-caps=-all',
    '--ambient-caps=-all',
    '--',
  ];
}
