import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const APP = 'cloud-sandboxes';

/** What folders depend on. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  /** The platform's folder for temporary files. */
  readonly temporary: string;
  /** The user's id; undefined on Windows, which has none. */
  readonly user: number | undefined;
  /** Whether there is such a folder and it is this user's. */
  readonly owns: (folder: string) => boolean;
}

/** How paths of a platform are taken apart and put together, wherever this runs. */
export function pathsOf(platform: NodeJS.Platform): path.PlatformPath {
  return platform === 'win32' ? path.win32 : path.posix;
}

/**
 * Where we keep what must last: `$CLOUD_SANDBOXES_HOME`, else the platform's folder for application data.
 * The local cloud's boxes are in here.
 */
export function dataDir(surroundings = surroundingsHere()): string {
  const { platform, env, home } = surroundings;
  const paths = pathsOf(platform);
  if (env['CLOUD_SANDBOXES_HOME']) return paths.resolve(env['CLOUD_SANDBOXES_HOME']);
  if (platform === 'win32')
    return paths.join(env['LOCALAPPDATA'] ?? paths.join(home, 'AppData', 'Local'), APP);
  // A Mac's own folder, "Application Support", has a space: no configure script or makefile works in a home below it.
  return paths.join(xdgDataHome(env) ?? paths.join(home, '.local', 'share'), APP);
}

/**
 * An editor in a snap has a data folder for each of its releases: a copy of the last one's, and removed some releases
 * later (https://snapcraft.io/docs/data-locations). What was set before, it leaves under another name.
 */
function xdgDataHome(env: NodeJS.ProcessEnv): string | undefined {
  const folder = absolute(env['XDG_DATA_HOME'], 'linux');
  const { SNAP_USER_DATA: ofRelease } = env;
  const isOfRelease = folder !== undefined && ofRelease && folder.startsWith(`${ofRelease}/`);
  return isOfRelease ? absolute(env['XDG_DATA_HOME_VSCODE_SNAP_ORIG'], 'linux') : folder;
}

/**
 * Where sockets live: short, because a Unix socket's path is limited to 104 bytes,
 * private, and the same for every process of this user and `$CLOUD_SANDBOXES_HOME`.
 */
export function runtimeDir(surroundings = surroundingsHere()): string {
  const { platform, env, temporary, user, owns } = surroundings;
  const paths = pathsOf(platform);
  // Pipes of Windows are in no folder, what names them is. The system clears the one for temporary files of old ones,
  // and a user's name may have letters that a batch file cannot have.
  if (platform === 'win32') return paths.join(dataDir(surroundings), 'run');
  const home = env['CLOUD_SANDBOXES_HOME'];
  const suffix = home ? `-${createHash('sha256').update(paths.resolve(home)).digest('hex').slice(0, 8)}` : '';
  const base = absolute(env['XDG_RUNTIME_DIR'], platform);
  // Whoever became another user by su(1) or sudo(8) may still have the first one's.
  if (base && base.length <= 40 && owns(base)) return paths.join(base, `${APP}${suffix}`);
  // Each user of a Mac has a folder for temporary files, but it takes half of those bytes.
  return paths.join(platform === 'darwin' ? '/tmp' : temporary, `${APP}-${user}${suffix}`);
}

/**
 * The home folder that OpenSSH uses: the password database's on POSIX, whatever `$HOME` says
 * (ssh(1), "~/.ssh/config" is found by getpwuid). For a user who is not in it, as in some containers, ssh does nothing
 * at all; all else goes on with the usual one.
 */
export function sshHome(): string {
  return userInfo()?.homedir ?? os.homedir();
}

/** The user in the password database, if there. */
export function userInfo(): os.UserInfo<string> | undefined {
  try {
    return os.userInfo();
  } catch {
    return undefined;
  }
}

/** Those of this process, with another environment if need be. */
export function surroundingsHere(env: NodeJS.ProcessEnv = process.env): Surroundings {
  return {
    platform: process.platform,
    env,
    home: os.homedir(),
    temporary: os.tmpdir(),
    user: process.getuid?.(),
    owns: isOwn,
  };
}

function isOwn(folder: string): boolean {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === process.getuid?.();
}

function absolute(value: string | undefined, platform: NodeJS.Platform): string | undefined {
  return value && pathsOf(platform).isAbsolute(value) ? value : undefined;
}
