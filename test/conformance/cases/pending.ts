/** What needs something of ours that listens in the sandbox. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { eventually } from '../../helpers/eventually';
import { ForwardingSsh, freePort } from '../../helpers/forwards';
import { endChild } from '../../helpers/sshHost';
import { define, type Case } from '../case';
import { textOf } from '../commands';
import type { Target } from '../target';

const UNTIL = 'the agent backend';

/** An echo server on this computer, for as long as `use` takes. */
async function withLocalServer<T>(use: (port: number) => Promise<T>): Promise<T> {
  const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use((server.address() as net.AddressInfo).port);
  } finally {
    server.close();
  }
}

/** An ssh-agent on this computer with one key, for as long as `use` takes. */
async function withAgent<T>(dir: string, use: (socket: string) => Promise<T>): Promise<T> {
  const folder = path.join(dir, 'agent');
  mkdirSync(folder);
  const socket = path.join(folder, 's');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  try {
    const key = path.join(folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'forwarded', '-f', key]);
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    await eventually(() => void execFileSync('ssh-add', ['-q', key], { env, stdio: 'ignore' }));
    return await use(socket);
  } finally {
    await endChild(agent);
  }
}

/** ssh's options to forward an agent, past what the configuration says of it. */
const agentOptions = (socket: string): string[] => ['-o', `IdentityAgent=${socket}`, '-A'];

/** Where the sandbox's end of a remote forward listens, and what connects to it there. */
const listeners = [
  {
    name: 'a TCP port',
    listen: async () => {
      const port = await freePort();
      return { address: String(port), connect: `s=socket.create_connection(("127.0.0.1",${port}))` };
    },
  },
  {
    name: 'a Unix socket',
    listen: () =>
      Promise.resolve({
        address: '/tmp/conformance.sock',
        connect: 's=socket.socket(socket.AF_UNIX); s.connect("/tmp/conformance.sock")',
      }),
  },
];

async function assertRefused({ host }: Target, address: string): Promise<void> {
  const forward = ['-R', `${address}:127.0.0.1:1`];
  const failing = await host.run('ssh', ['-N', '-o', 'ExitOnForwardFailure=yes', ...forward, host.alias]);
  assert.equal(failing.code, 255);
  assert.match(failing.stderr, /remote port forwarding failed/);

  const goingOn = await host.run('ssh', [...forward, host.alias, 'echo fine']);
  assert.equal(goingOn.code, 0);
  assert.equal(String(goingOn.stdout), 'fine\n');
  assert.match(goingOn.stderr, /remote port forwarding failed/);
}

export const pendingCases: readonly Case[] = [
  ...listeners.map(({ name, listen }) =>
    define({
      name: `-R from ${name} in the sandbox to this computer`,
      run: ({ host }) =>
        withLocalServer(async (port) => {
          const { address, connect } = await listen();
          const ssh = await ForwardingSsh.open(host, ['-R', `${address}:127.0.0.1:${port}`]);
          const script = `import socket; ${connect}; s.sendall(b"hello"); print(s.recv(5).decode())`;
          const { stdout } = await host.ssh(`python3 -c '${script}'`);
          await ssh.close();
          return { answer: String(stdout) };
        }),
      check: ({ answer }) => assert.equal(answer, 'hello\n'),
      pending: {
        backends: ['exec'],
        until: UNTIL,
        isRefused: async (target) => assertRefused(target, (await listen()).address),
      },
    }),
  ),
  define({
    name: 'agent forwarding, when the person turned it on: ssh-add -l inside lists the keys',
    run: ({ host, dir }) =>
      withAgent(dir, async (socket) => {
        const outcome = await host.run('ssh', [...agentOptions(socket), host.alias, 'ssh-add -l']);
        return { stdout: textOf(host, outcome).stdout.replace(/SHA256:\S+/, 'HASH') };
      }),
    check: ({ stdout }) => assert.equal(stdout, '256 HASH forwarded (ED25519)\n'),
    pending: {
      backends: ['exec'],
      until: UNTIL,
      isRefused: ({ host, dir }) =>
        withAgent(dir, async (socket) => {
          // As an sshd with "AllowAgentForwarding no": the session goes on without.
          const line = 'echo "${SSH_AUTH_SOCK-none}"';
          const outcome = textOf(host, await host.run('ssh', [...agentOptions(socket), host.alias, line]));
          assert.deepEqual(outcome, { code: 0, signal: null, stdout: 'none\n', stderr: '' });
        }),
    },
  }),
];
