/** What leads from the sandbox back to this computer: something of ours has to listen there. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ForwardingSsh, freePort } from '../../helpers/forwards';
import { withLocalServer } from '../../helpers/localServer';
import { AGENT_KEY, agentOptions, withSshAgent } from '../../helpers/sshAgent';
import { define, type Case } from '../case';
import { textOf } from '../commands';
import type { Target } from '../target';

const WHY = 'an exec of a cloud cannot listen in the sandbox';

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
    listen: () => {
      // sshd leaves the file behind.
      const address = `/tmp/${randomUUID()}.sock`;
      return Promise.resolve({
        address,
        connect: `s=socket.socket(socket.AF_UNIX); s.connect("${address}")`,
      });
    },
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

export const backwardCases: readonly Case[] = [
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
      impossible: {
        backends: ['exec'],
        why: WHY,
        isRefused: async (target) => assertRefused(target, (await listen()).address),
      },
    }),
  ),
  define({
    name: 'agent forwarding, when the person turned it on: ssh-add -l inside lists the keys',
    run: ({ host, dir }) =>
      withSshAgent(dir, async (socket) => {
        const outcome = await host.run('ssh', [...agentOptions(socket), host.alias, 'ssh-add -l']);
        return { stdout: textOf(host, outcome).stdout.replace(/SHA256:\S+/, 'HASH') };
      }),
    check: ({ stdout }) => assert.equal(stdout, `256 HASH ${AGENT_KEY} (ED25519)\n`),
    impossible: {
      backends: ['exec'],
      why: WHY,
      isRefused: ({ host, dir }) =>
        withSshAgent(dir, async (socket) => {
          // As an sshd with "AllowAgentForwarding no": the session goes on without.
          const line = 'echo "${SSH_AUTH_SOCK-none}"';
          const outcome = textOf(host, await host.run('ssh', [...agentOptions(socket), host.alias, line]));
          assert.deepEqual(outcome, { code: 0, signal: null, stdout: 'none\n', stderr: '' });
        }),
    },
  }),
];
