import { createHash } from 'node:crypto';
import * as os from 'node:os';
import * as path from 'node:path';

const APP = 'cloud-sandboxes';

/**
 * Where we keep what must last: `$CLOUD_SANDBOXES_HOME`, else the platform's folder for application data.
 * The local cloud's boxes are in here.
 */
export function dataDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env['CLOUD_SANDBOXES_HOME']) return path.resolve(env['CLOUD_SANDBOXES_HOME']);
  if (process.platform === 'win32') {
    return path.join(env['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local'), APP);
  }
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Application Support', APP);
  return path.join(absolute(env['XDG_DATA_HOME']) ?? path.join(os.homedir(), '.local', 'share'), APP);
}

/**
 * Where sockets live: short, because a Unix socket's path is limited to 104 bytes,
 * private, and the same for every process of this user and `$CLOUD_SANDBOXES_HOME`.
 */
export function runtimeDir(env: NodeJS.ProcessEnv = process.env): string {
  const home = env['CLOUD_SANDBOXES_HOME'];
  const suffix = home ? `-${createHash('sha256').update(path.resolve(home)).digest('hex').slice(0, 8)}` : '';
  const base = absolute(env['XDG_RUNTIME_DIR']);
  if (base && base.length <= 40) return path.join(base, `${APP}${suffix}`);
  const user = process.getuid?.() ?? os.userInfo().username;
  return path.join(process.platform === 'darwin' ? '/tmp' : os.tmpdir(), `${APP}-${user}${suffix}`);
}

/**
 * The home folder that OpenSSH uses: the password database's on POSIX, whatever `$HOME` says
 * (ssh(1), "~/.ssh/config" is found by getpwuid).
 */
export function sshHome(): string {
  return os.userInfo().homedir;
}

function absolute(value: string | undefined): string | undefined {
  return value && path.isAbsolute(value) ? value : undefined;
}
