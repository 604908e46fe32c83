import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/** Where operating systems keep OpenSSH's SFTP server. */
export const SFTP_SERVERS = [
  '/usr/lib/openssh/sftp-server', // Debian, Ubuntu
  '/usr/libexec/openssh/sftp-server', // Fedora, RHEL
  '/usr/lib/ssh/sftp-server', // Alpine, Arch, openSUSE
  '/usr/libexec/sftp-server', // BSD, macOS
] as const;

/** The one of this system, if it has any. */
export async function findServerProgram(): Promise<string | undefined> {
  for (const program of SFTP_SERVERS) {
    const isUsable = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isUsable) return program;
  }
  return undefined;
}
