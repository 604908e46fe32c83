/** What a box made of this computer's own programs sees of the file system outside its folders. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { errnoOf } from '../../base/errors';
import { writeFileAtomic } from '../../base/files';
import type { BoxSpec } from './runtime';

/** Folders that a merged-/usr system has as links into /usr, and older ones as folders. */
const USR_FOLDERS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** Settings of the host's programs that hold no secrets: not /etc/ssl as a whole, which has private keys. */
const SHARED_ETC = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'crypto-policies',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'pki/ca-trust',
  'pki/tls/cert.pem',
  'pki/tls/certs',
  'pki/tls/openssl.cnf',
  'protocols',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
];

/** bwrap's arguments for the host's /usr, read-only, and what in /etc belongs to it. */
export async function hostRootArguments(): Promise<string[]> {
  const args = ['--ro-bind', '/usr', '/usr'];
  for (const name of USR_FOLDERS) args.push(...(await usrFolderArguments(name)));
  for (const name of SHARED_ETC) args.push('--ro-bind-try', `/etc/${name}`, `/etc/${name}`);
  return args;
}

async function usrFolderArguments(name: string): Promise<string[]> {
  try {
    return ['--symlink', await fs.readlink(`/${name}`), `/${name}`];
  } catch (error) {
    // EINVAL: a folder of its own.
    return errnoOf(error) === 'EINVAL' ? ['--ro-bind', `/${name}`, `/${name}`] : [];
  }
}

/**
 * Writes the box's own /etc. Files that the user may have changed are left alone.
 */
export async function writeEtc(etc: string, box: BoxSpec): Promise<void> {
  await fs.mkdir(etc, { recursive: true, mode: 0o755 });
  await fs.chmod(etc, 0o755);
  // bwrap would make the parents of what it mounts for root alone.
  for (const dir of new Set(SHARED_ETC.map((name) => path.dirname(name)))) {
    await fs.mkdir(path.join(etc, dir), { recursive: true, mode: 0o755 });
  }
  await writeOnce(path.join(etc, 'passwd'), PASSWD);
  await writeOnce(path.join(etc, 'group'), GROUP);
  await writeOnce(path.join(etc, 'nsswitch.conf'), NSSWITCH);
  await writeOnce(path.join(etc, 'shells'), '/bin/sh\n/bin/bash\n');
  await writeOnce(path.join(etc, 'hosts'), `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${box.hostname}\n`);
  await writeOnce(path.join(etc, 'hostname'), `${box.hostname}\n`);
  // The host's resolver changes with its network, so this is renewed at every start.
  const resolver = box.network ? await readText('/etc/resolv.conf') : '';
  await writeFileAtomic(path.join(etc, 'resolv.conf'), resolver, { mode: 0o644 });
}

const PASSWD = `root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
`;
/** No group "tty": programs that find one give terminals to it, which a box that maps a single id cannot do. */
const GROUP = 'root:x:0:\nnogroup:x:65534:\n';
const NSSWITCH = 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n';

async function writeOnce(file: string, content: string): Promise<void> {
  try {
    await fs.writeFile(file, content, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch {
    // A host without one has no names to look up either.
    return '';
  }
}
