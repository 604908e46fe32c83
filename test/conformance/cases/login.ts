import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { connectBySocks, freePort } from '../../helpers/forwards';
import { readAll } from '../../helpers/remoteProcess';
import { define, type Case } from '../case';
import { command } from '../commands';
import type { Target } from '../target';

/** The dialogue that Remote-SSH has with a shell, without the server that it installs. */
const SCRIPT = `
echo "ready: 4d9c"
uname -rsv
echo "Platform: linux"
echo "$SHELL"
sh -c 'echo "4d9c: running"'
# ${'x'.repeat(100_000)}
cat <<'END'
4d9c: start
listeningOn==127.0.0.1:1==
arch==x86_64==
4d9c: end
END
exit 5
`;

/** Its argument lists: mode with a local server and without, exec server on and off. */
const ARGUMENTS: readonly { name: string; options: readonly string[]; command: readonly string[] }[] = [
  {
    name: 'with a local server, and the exec server',
    options: ['-v', '-T', '-D', 'PORT', '-o', 'ConnectTimeout=15', '-o', 'RemoteCommand=none'],
    command: [],
  },
  {
    name: 'with a local server, without the exec server',
    options: ['-v', '-T', '-D', 'PORT', '-o', 'ConnectTimeout=15'],
    command: ['bash'],
  },
  {
    name: 'in a terminal, of a platform that is not known yet',
    options: ['-T', '-o', 'ClearAllForwardings=true', '-o', 'ConnectTimeout=15', '-o', 'RemoteCommand=none'],
    command: ['sh'],
  },
];

/** Runs a case with a dotfile in the home folder. */
async function withDotfile<T>(
  { work }: Target,
  name: string,
  content: string,
  use: () => Promise<T>,
): Promise<T> {
  const file = path.join(path.dirname(work), name);
  writeFileSync(file, content);
  try {
    return await use();
  } finally {
    rmSync(file);
  }
}

export const loginCases: readonly Case[] = [
  ...ARGUMENTS.map(({ name, options, command: line }) =>
    define({
      name: `Remote-SSH ${name}: runs the script on stdin and shows its markers`,
      run: async ({ host }) => {
        const port = String(await freePort());
        const args = [...options.map((option) => (option === 'PORT' ? port : option)), host.alias, ...line];
        const { code, stdout } = await host.run('ssh', args, SCRIPT);
        return { code, stdout: String(stdout) };
      },
      check: ({ code, stdout }) => {
        const begin = /^ready: 4d9c\nLinux .*\nPlatform: linux\n\/bin\/bash\n4d9c: running\n4d9c: start\n/;
        assert.match(stdout, begin);
        assert.match(stdout, /listeningOn==127\.0\.0\.1:1==\narch==x86_64==\n4d9c: end\n$/);
        assert.equal(code, 5);
      },
    }),
  ),
  define({
    name: 'Remote-SSH: a server that the script tells is reached through -D while the shell waits',
    run: async ({ host, servers }) => {
      const port = await freePort();
      const ssh = host.spawn('ssh', ['-T', '-D', String(port), '-o', 'ConnectTimeout=15', host.alias]);
      ssh.stdin!.write(`echo "listeningOn==${servers.echo.port}=="\n`);
      const lines = createInterface(ssh.stdout!)[Symbol.asyncIterator]();
      const first = ((await lines.next()).value as string).replace(String(servers.echo.port), 'PORT');
      const socket = await connectBySocks(port, '127.0.0.1', servers.echo.port);
      socket.end('hello');
      const answer = String(await readAll(socket));
      ssh.stdin!.end('echo bye\n');
      return { first, answer, last: (await lines.next()).value as string };
    },
    check: (result) =>
      assert.deepEqual(result, { first: 'listeningOn==PORT==', answer: 'hello', last: 'bye' }),
  }),
  command('is a login shell in the home folder, without a terminal', undefined, {
    options: ['-T'],
    input: 'shopt -q login_shell && [ "$PWD" = ~ ] && echo home; test -t 0 || echo none; exit 5\n',
    stdout: 'home\nnone\n',
    code: 5,
  }),
  command('ends with its input', undefined, { options: ['-T'], input: 'false\n', code: 1 }),
  command('is called by the name of a login shell', undefined, {
    options: ['-T'],
    input: 'echo "$0"\n',
    stdout: /bash\n$/,
    differs: { what: 'stdout', why: 'a cloud starts a program by its name, not as "-bash"' },
  }),
  define({
    name: 'reads the profile: the PATH of the user',
    run: (target) =>
      withDotfile(target, '.profile', 'export PATH="/opt/own:$PATH"\n', async () => {
        const { stdout } = await target.host.run('ssh', ['-T', target.host.alias], 'echo "${PATH%%:*}"\n');
        return { stdout: String(stdout) };
      }),
    check: ({ stdout }) => assert.equal(stdout, '/opt/own\n'),
  }),
  define({
    name: 'gives a command what ~/.bashrc sets and prints',
    run: (target) =>
      withDotfile(target, '.bashrc', 'echo noise; export PATH="/opt/own:$PATH"\n', async () => {
        const { stdout } = await target.host.ssh('echo "${PATH%%:*}"');
        return { stdout: String(stdout) };
      }),
    check: ({ stdout }) => assert.equal(stdout, 'noise\n/opt/own\n'),
  }),
];
