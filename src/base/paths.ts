import { createHash } from 'node:crypto';
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
  /** What tells users of one computer apart. */
  readonly user: number | string;
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
  if (platform === 'darwin') return paths.join(home, 'Library', 'Application Support', APP);
  return paths.join(absolute(env['XDG_DATA_HOME'], platform) ?? paths.join(home, '.local', 'share'), APP);
}

/**
 * Where sockets live: short, because a Unix socket's path is limited to 104 bytes,
 * private, and the same for every process of this user and `$CLOUD_SANDBOXES_HOME`.
 */
export function runtimeDir(surroundings = surroundingsHere()): string {
  const { platform, env, temporary, user } = surroundings;
  const paths = pathsOf(platform);
  const home = env['CLOUD_SANDBOXES_HOME'];
  const suffix = home ? `-${createHash('sha256').update(paths.resolve(home)).digest('hex').slice(0, 8)}` : '';
  const base = absolute(env['XDG_RUNTIME_DIR'], platform);
  if (base && base.length <= 40) return paths.join(base, `${APP}${suffix}`);
  // Each user of a Mac has a folder for temporary files, but it takes half of those bytes.
  return paths.join(platform === 'darwin' ? '/tmp' : temporary, `${APP}-${user}${suffix}`);
}

/**
 * The home folder that OpenSSH uses: the password database's on POSIX, whatever `$HOME` says
 * (ssh(1), "~/.ssh/config" is found by getpwuid).
 */
export function sshHome(): string {
  return os.userInfo().homedir;
}

/** Those of this process, with another environment if need be. */
export function surroundingsHere(env: NodeJS.ProcessEnv = process.env): Surroundings {
  return {
    platform: process.platform,
    env,
    home: os.homedir(),
    temporary: os.tmpdir(),
    user: process.getuid?.() ?? os.userInfo().username,
  };
}

function absolute(value: string | undefined, platform: NodeJS.Platform): string | undefined {
  return value && pathsOf(platform).isAbsolute(value) ? value : undefined;
}
