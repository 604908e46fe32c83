import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { eventually } from '../helpers/eventually';
import type { SandboxOverSsh } from '../helpers/sandboxOverSsh';
import type { SshTarget } from './measures';

/** OpenSSH's own server, running in the sandbox and reached over loopback. */
export interface Sshd {
  readonly asItComes: SshTarget;
  /** With the key exchange, cipher and MAC that our bridge agrees on, so that only the servers differ. */
  readonly sameAlgorithms: SshTarget;
}

/** Starts sshd in the sandbox, as a child of an ssh session: it ends with the sandbox. */
export async function startSshd(sandbox: SandboxOverSsh): Promise<Sshd> {
  const dir = path.join(sandbox.dir, 'sshd');
  execFileSync('mkdir', ['-p', dir, '/run/sshd']);
  for (const key of ['host', 'user']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(dir, key)]);
  }
  const port = await freePort();
  const config = path.join(dir, 'sshd_config');
  writeFileSync(config, sshdConfig(dir, port));
  // In the foreground: a daemon of its own session would outlive a sandbox of plain processes.
  sandbox.spawn('ssh', [sandbox.alias, `exec /usr/sbin/sshd -D -f ${config} -E ${dir}/log`], {
    stdio: 'ignore',
  });
  await eventually(() => connect(port));
  const hostKey = readFileSync(path.join(dir, 'host.pub'), 'utf8');
  writeFileSync(path.join(dir, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}`);
  const clientConfig = path.join(dir, 'config');
  writeFileSync(clientConfig, clientConfigOf(dir, port));
  return {
    asItComes: { args: ['-F', clientConfig, 'sshd'] },
    sameAlgorithms: { args: ['-F', clientConfig, ...(await agreedAlgorithms(sandbox)), 'sshd'] },
  };
}

function sshdConfig(dir: string, port: number): string {
  return [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${dir}/host`,
    `AuthorizedKeysFile ${dir}/user.pub`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    '',
  ].join('\n');
}

function clientConfigOf(dir: string, port: number): string {
  return [
    'Host sshd',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${os.userInfo().username}`,
    `  IdentityFile ${dir}/user`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    `  UserKnownHostsFile ${dir}/known_hosts`,
    '  GlobalKnownHostsFile /dev/null',
    '',
  ].join('\n');
}

/** What ssh and our bridge agree on, as options for another ssh. */
async function agreedAlgorithms(sandbox: SandboxOverSsh): Promise<string[]> {
  const { stderr: log } = await sandbox.run('ssh', ['-v', sandbox.alias, 'true']);
  const kex = /kex: algorithm: (\S+)/.exec(log)?.[1];
  const [, cipher, mac] = /kex: server->client cipher: (\S+) MAC: (\S+)/.exec(log) ?? [];
  if (!kex || !cipher || !mac) throw new Error('ssh -v does not tell the algorithms');
  const options = ['-o', `KexAlgorithms=${kex}`, '-o', `Ciphers=${cipher}`];
  return mac === '<implicit>' ? options : [...options, '-o', `MACs=${mac}`];
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function connect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
