/** ssh2's SFTP client through a sandbox's bridge: for requests that OpenSSH's sftp has no command for. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import ssh2, { type SFTPWrapper } from 'ssh2';
import type { SandboxOverSsh } from './sandboxOverSsh';
import { endChild } from './sshHost';

export interface SftpClient {
  readonly sftp: SFTPWrapper;
  close(): Promise<void>;
}

export async function openSftp(sandbox: SandboxOverSsh): Promise<SftpClient> {
  const { stdout } = await sandbox.run('ssh', ['-G', sandbox.alias]);
  const [, command = ''] = /^proxycommand (.*)$/m.exec(stdout.toString()) ?? [];
  const proxy = sandbox.spawnPlain('sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'ignore'] });
  const client = new ssh2.Client();
  const stream = Duplex.from({ readable: proxy.stdout!, writable: proxy.stdin! });
  const ready = once(client, 'ready');
  client.on('error', () => undefined); // the proxy's end, when it is closed
  client.connect({ sock: stream, username: 'user', authHandler: ['none'] });
  await ready;
  const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
    client.sftp((error, opened) => (error ? reject(error) : resolve(opened)));
  });
  return {
    sftp,
    close: async () => {
      client.end();
      await endChild(proxy);
    },
  };
}

/** Calls a method that takes a callback last: `util.promisify` loses the overloads. */
export function request<T = void>(
  call: (done: (error: Error | null | undefined, value?: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
