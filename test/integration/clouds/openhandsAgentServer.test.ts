/** What the agent-server of OpenHands does, asked of the real one and of its stand-in alike. */
import assert from 'node:assert/strict';
import { AppServerClient, type Answer, type RunningSandbox } from '../../clouds/openhands/client';
import { OpenHandsCloud } from '../../clouds/openhands/cloud';
import type { AgentServerKind } from '../../clouds/openhands/options';
import { eventually } from '../../helpers/eventually';
import { requireTool, skipFor } from '../../helpers/require';
import { findOpenHandsServer } from '../../openhandsServer.mjs';

const MEBIBYTE = 1024 * 1024;

interface Output {
  readonly command_id: string;
  readonly order: number;
  readonly exit_code: number | null;
  readonly stdout: string | null;
  readonly stderr: string | null;
}

interface Case {
  readonly name: string;
  readonly call: (sandbox: RunningSandbox) => Promise<unknown>;
  readonly want: unknown;
}

const cases: readonly Case[] = [
  ...['/health', '/alive'].map((path) => ({
    name: `${path} needs no key`,
    call: (sandbox: RunningSandbox) => sandbox.call('GET', path, undefined, ''),
    want: { status: 200, body: { status: 'ok' } },
  })),
  {
    name: 'a wrong key is refused',
    call: (sandbox) => sandbox.call('GET', '/api/bash/bash_events/search', undefined, 'wrong'),
    want: { status: 401, body: { detail: 'Unauthorized' } },
  },
  {
    name: 'an unknown route is not found',
    call: (sandbox) => sandbox.call('GET', '/ssh_status'),
    want: { status: 404, body: { detail: 'Not Found' } },
  },
  {
    name: 'a command has its output and exit code',
    call: (sandbox) => execute(sandbox, { command: 'echo out; echo err >&2; exit 7' }),
    want: { exit_code: 7, stdout: 'out\n', stderr: 'err\n' },
  },
  {
    name: 'a command without output has none',
    call: (sandbox) => execute(sandbox, { command: ':' }),
    want: { exit_code: 0, stdout: null, stderr: null },
  },
  {
    name: 'the shell is /bin/sh',
    call: (sandbox) => execute(sandbox, { command: 'readlink -f /proc/$$/exe; echo "$0"' }),
    want: { exit_code: 0, stdout: '/usr/bin/dash\n/bin/sh\n', stderr: null },
  },
  {
    name: 'a shell that a signal has ended has a negative exit code',
    call: (sandbox) => execute(sandbox, { command: 'kill -9 $$' }),
    want: { exit_code: -9, stdout: null, stderr: null },
  },
  {
    name: 'a command runs where it was told to',
    call: (sandbox) => execute(sandbox, { command: 'pwd', cwd: '/workspace/project' }),
    want: { exit_code: 0, stdout: '/workspace/project\n', stderr: null },
  },
  {
    name: 'a command without a folder runs in the root',
    call: (sandbox) => execute(sandbox, { command: 'pwd' }),
    want: { exit_code: 0, stdout: '/\n', stderr: null },
  },
  {
    name: 'a command in a folder that is not there fails',
    call: (sandbox) => execute(sandbox, { command: ':', cwd: '/nowhere' }),
    want: {
      exit_code: -1,
      stdout: null,
      stderr: "Error executing command: [Errno 2] No such file or directory: '/nowhere'",
    },
  },
  {
    name: 'a command has no input',
    call: (sandbox) => execute(sandbox, { command: 'cat; echo end' }),
    want: { exit_code: 0, stdout: 'end\n', stderr: null },
  },
  {
    name: 'a command that takes too long is ended with all its children',
    call: (sandbox) => execute(sandbox, { command: 'echo begun; sleep 100 & sleep 100', timeout: 3 }),
    want: { exit_code: -1, stdout: 'begun\n', stderr: null },
  },
  {
    name: 'a command is not over while a child has its output open',
    call: (sandbox) => execute(sandbox, { command: 'sleep 100 & echo parent', timeout: 3 }),
    want: { exit_code: -1, stdout: 'parent\n', stderr: null },
  },
  {
    name: 'a daemon with a session of its own outlives its command',
    call: (sandbox) =>
      execute(sandbox, {
        command: 'setsid sleep 1000 </dev/null >/dev/null 2>&1 & kill -0 $! && echo alive',
      }),
    want: { exit_code: 0, stdout: 'alive\n', stderr: null },
  },
  {
    name: 'bytes that are no UTF-8 are lost',
    call: (sandbox) => execute(sandbox, { command: String.raw`printf 'a\377b'` }),
    want: { exit_code: 0, stdout: 'a\uFFFDb', stderr: null },
  },
  {
    name: 'the session key does not reach commands',
    call: (sandbox) =>
      execute(sandbox, { command: 'env | grep -c SESSION_API_KEY; echo "$WORKER_1 $WORKER_2"' }),
    want: { exit_code: 0, stdout: '0\n12000 12001\n', stderr: null },
  },
  {
    name: 'output of more than 1 MiB is joined by execute_bash_command',
    call: async (sandbox) => {
      const { stdout } = await execute(sandbox, {
        command: `head -c ${3 * MEBIBYTE} /dev/zero | tr '\\0' x`,
      });
      return stdout?.length;
    },
    want: 3 * MEBIBYTE,
  },
  {
    name: 'output of more than 1 MiB is an event for each MiB, and one with the exit code',
    call: async (sandbox) => {
      const outputs = await start(sandbox, `head -c ${2.5 * MEBIBYTE} /dev/zero | tr '\\0' x`);
      return outputs.map(({ order, exit_code, stdout }) => [order, exit_code, stdout?.length]);
    },
    want: [
      [0, null, MEBIBYTE],
      [1, null, MEBIBYTE],
      [2, 0, MEBIBYTE / 2],
    ],
  },
  {
    name: 'output is not streamed',
    call: async (sandbox) => {
      const command = 'echo early; while ! test -e /tmp/go; do sleep 0.05; done';
      const { command_id: id } = await begin(sandbox, command);
      const before = await outputsOf(sandbox, id);
      await sandbox.run('touch /tmp/go');
      const after = await eventually(() => finished(sandbox, id));
      return [before.length, after.map(({ stdout }) => stdout)];
    },
    want: [0, ['early\n']],
  },
  {
    name: 'only outputs of a higher order are found',
    call: async (sandbox) => {
      const { command_id: id } = await begin(sandbox, `head -c ${1.5 * MEBIBYTE} /dev/zero | tr '\\0' x`);
      await eventually(() => finished(sandbox, id));
      return (await outputsOf(sandbox, id, '&order__gt=0')).map(({ order }) => order);
    },
    want: [1],
  },
  {
    name: 'ids have no hyphens',
    call: async (sandbox) => /^[\da-f]{32}$/.test((await begin(sandbox, ':')).command_id),
    want: true,
  },
  {
    name: 'a command can be stopped',
    call: async (sandbox) => {
      const { command_id: id } = await begin(sandbox, 'echo begun; exec sleep 100');
      const { status, body } = await sandbox.call('POST', `/api/bash/bash_commands/${id}/stop`);
      const [output] = await eventually(() => finished(sandbox, id));
      return [status, body, output?.exit_code];
    },
    want: [200, { success: true }, -15],
  },
  {
    name: 'a page of events has a bound',
    call: async (sandbox) => (await sandbox.call('GET', '/api/bash/bash_events/search?limit=101')).status,
    want: 422,
  },
  {
    name: 'a request without a command is refused',
    call: (sandbox) => sandbox.call('POST', '/api/bash/start_bash_command', { cwd: '/' }),
    want: {
      status: 422,
      body: {
        detail: [{ type: 'missing', loc: ['body', 'command'], msg: 'Field required', input: { cwd: '/' } }],
      },
    },
  },
  {
    name: 'an uploaded file has its content, and its mode from the umask',
    call: async (sandbox) => {
      const answer = await sandbox.upload('/tmp/made/of parents/file', 'content');
      const { stdout } = await execute(sandbox, { command: "stat -c %a '/tmp/made/of parents/file'" });
      return [
        answer,
        await sandbox.call('GET', '/api/file/download?path=/tmp/made/of%20parents/file'),
        stdout,
      ];
    },
    want: [{ status: 200, body: { success: true, file_size: 7 } }, { status: 200, body: 'content' }, '644\n'],
  },
  {
    name: 'an upload replaces a file',
    call: async (sandbox) => {
      await sandbox.upload('/tmp/replaced', 'long content');
      await sandbox.upload('/tmp/replaced', 'short');
      return sandbox.call('GET', '/api/file/download?path=/tmp/replaced');
    },
    want: { status: 200, body: 'short' },
  },
  {
    name: 'an upload to a relative path is refused',
    call: (sandbox) => sandbox.upload('relative', ''),
    want: { status: 400, body: { detail: 'Path must be absolute' } },
  },
  {
    name: 'an upload onto a folder is refused',
    call: (sandbox) => sandbox.upload('/tmp', ''),
    want: { status: 400, body: { detail: 'Path is a directory' } },
  },
  {
    name: 'an upload that may not be written is an error of the server, of which it says little',
    call: async (sandbox) => {
      const { status, body } = await sandbox.upload('/usr/file', '');
      return [status, (body as { detail: string }).detail];
    },
    want: [500, 'Internal Server Error'],
  },
  {
    name: 'a download of what is not there is not found',
    call: (sandbox) => sandbox.call('GET', '/api/file/download?path=/nowhere'),
    want: { status: 404, body: { detail: 'File not found' } },
  },
  {
    name: 'a folder is made, with its parents',
    call: (sandbox) => sandbox.call('POST', '/api/file/create_directory?path=/tmp/a/b'),
    want: { status: 200, body: { success: true } },
  },
  {
    name: 'a look for commits counts as use, one at /server_info does not',
    call: async (sandbox) => {
      const idle = await eventually(() => idleTime(sandbox, (seconds) => seconds >= 3));
      await sandbox.call('GET', '/api/git/commits?path=/workspace&limit=1');
      return (await idleTime(sandbox, () => true)) < idle;
    },
    want: true,
  },
];

for (const kind of ['real', 'standIn'] satisfies AgentServerKind[]) {
  describe(`OpenHands' agent-server: ${kind === 'real' ? 'the real one' : 'our stand-in'}`, function () {
    // On a busy computer the real one takes a minute to load.
    this.timeout(180_000);
    let cloud: OpenHandsCloud | undefined;
    let sandbox: RunningSandbox;
    before(async function () {
      requireTool(this, 'bwrap');
      if (kind === 'real' && !findOpenHandsServer())
        skipFor(this, "OpenHands' agent-server is not installed");
      cloud = await OpenHandsCloud.start({ agentServer: kind });
      sandbox = await new AppServerClient(cloud).create();
    });
    after(() => cloud?.close());

    for (const { name, call, want } of cases) {
      it(name, async () => assert.deepEqual(await call(sandbox), want));
    }
  });
}

async function execute(
  sandbox: RunningSandbox,
  request: { command: string; cwd?: string; timeout?: number },
): Promise<Pick<Output, 'exit_code' | 'stdout' | 'stderr'>> {
  const answer: Answer = await sandbox.call('POST', '/api/bash/execute_bash_command', {
    timeout: 20,
    ...request,
  });
  const { exit_code, stdout, stderr } = answer.body as Output;
  return { exit_code, stdout, stderr };
}

/** Starts a command and does not wait for it. */
async function begin(sandbox: RunningSandbox, command: string): Promise<{ readonly command_id: string }> {
  const { body } = await sandbox.call('POST', '/api/bash/start_bash_command', { command });
  return { command_id: (body as { id: string }).id };
}

/** Runs a command and gives all of its outputs. */
async function start(sandbox: RunningSandbox, command: string): Promise<Output[]> {
  const { command_id: id } = await begin(sandbox, command);
  return eventually(() => finished(sandbox, id));
}

async function outputsOf(sandbox: RunningSandbox, commandId: string, query = ''): Promise<Output[]> {
  const path = `/api/bash/bash_events/search?kind__eq=BashOutput&command_id__eq=${commandId}${query}`;
  return ((await sandbox.call('GET', path)).body as { items: Output[] }).items;
}

async function finished(sandbox: RunningSandbox, commandId: string): Promise<Output[]> {
  const outputs = await outputsOf(sandbox, commandId);
  assert.notEqual(outputs.at(-1)?.exit_code ?? null, null);
  return outputs;
}

async function idleTime(sandbox: RunningSandbox, isFit: (seconds: number) => boolean): Promise<number> {
  const { idle_time: seconds } = (await sandbox.call('GET', '/server_info')).body as { idle_time: number };
  assert.ok(isFit(seconds));
  return seconds;
}
