import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync } from 'node:fs';
import * as path from 'node:path';
import { silentLogger } from '../../../../src/base/logger';
import { deriveSecret, keyIdOf } from '../../../../src/agentProtocol/secret';
import { AgentClient } from '../../../../src/ssh/backends/agent/agentClient';
import { AgentLink } from '../../../../src/ssh/backends/agent/agentLink';
import { AgentProgram } from '../../../../src/ssh/backends/agent/agentProgram';
import { AgentSession } from '../../../../src/ssh/backends/agent/agentSession';
import { ExecReach } from '../../../../src/ssh/backends/agent/execReach';
import { INSTALLER } from '../../../../src/ssh/backends/agent/installer';
import { agentsIn } from '../../../helpers/agent';
import { eventually } from '../../../helpers/eventually';
import { startLocalProcess } from '../../../helpers/localProcess';
import { allArguments, LocalTransport, makePath } from '../../../helpers/localTransport';
import { installOldNode, oldNodeObstacle } from '../../../helpers/oldNode';
import { isRunning } from '../../../helpers/processes';
import { collect } from '../../../helpers/remoteProcess';
import { requireTool, skipFor } from '../../../helpers/require';
import { useTempDir } from '../../../helpers/tempDir';

const USER_KEY = 'a private key';
const secret = deriveSecret(USER_KEY);
const keyId = keyIdOf(secret);
const otherSecret = deriveSecret('another key');
const uid = String(process.getuid?.() ?? 0);

/** What the scripts need besides a shell. */
const PROGRAMS = ['id', 'cat', 'ls', 'setsid'];

describe('an agent is put into a sandbox and started', () => {
  const links: AgentLink[] = [];
  // Before the folder is removed.
  afterEach(async () => {
    for (const link of links.splice(0)) await link.close(Promise.resolve());
    const agents = agentsIn(temp.path);
    for (const pid of agents) process.kill(pid, 'SIGTERM');
    await eventually(() => assert.ok(!agents.some(isRunning)), 10_000);
  });
  const temp = useTempDir();
  let program: AgentProgram;
  before(async () => {
    program = await AgentProgram.read(path.resolve('dist/agent.js'));
  });
  /** A home of its own, and a PATH with a shell, some programs and maybe a Node. */
  function sandbox(
    options: { readonly shell?: string; readonly node?: string | { readonly script: string } } = {},
  ) {
    const home = path.join(temp.path, 'home');
    mkdirSync(home);
    const { shell = '/bin/sh', node = process.execPath } = options;
    const programs = Object.fromEntries(PROGRAMS.map((name) => [name, `/usr/bin/${name}`]));
    const found = makePath(path.join(temp.path, 'bin'), {
      ...programs,
      sh: shell,
      ...(node !== '' && { node }),
    });
    return { home, env: { HOME: home, PATH: found } };
  }

  async function connect(transport: LocalTransport, own = secret): Promise<AgentClient> {
    const options = { transport, program, onStart: () => undefined, log: silentLogger };
    const link = await AgentLink.open(
      {
        reach: new ExecReach({ ...options, secret: own, keyId: keyIdOf(own) }),
        secret: own,
        mayReconnect: () => Promise.resolve(),
        onState: () => undefined,
      },
      AbortSignal.timeout(30_000),
    );
    links.push(link);
    return new AgentClient(new AgentSession(link.stream));
  }

  /** Gives its process id. */
  async function killAgent(): Promise<number> {
    const [agent] = agentsIn(temp.path);
    process.kill(agent!, 'SIGKILL');
    await eventually(() => assert.ok(!isRunning(agent!)));
    return agent!;
  }

  async function assertWorks(client: AgentClient): Promise<void> {
    const { stdout, status } = await collect(
      await client.exec({ argv: ['/bin/sh', '-c', 'cat; exit 3'], env: {} }),
      'in',
    );
    assert.deepEqual([stdout, status], ['in', { code: 3 }]);
  }

  const shells = [
    { name: 'dash', shell: '/usr/bin/dash' },
    { name: 'bash', shell: '/usr/bin/bash' },
    { name: 'busybox', shell: '/usr/bin/busybox' },
  ];
  for (const { name, shell } of shells) {
    it(`by ${name}: once for all connections, the next of which finds it`, async function () {
      requireTool(this, name);
      const { env } = sandbox({ shell });
      await assertWorks(await connect(new LocalTransport(env)));
      const [pid] = agentsIn(temp.path);

      const second = new LocalTransport(env);
      await assertWorks(await connect(second));

      assert.deepEqual(agentsIn(temp.path), [pid]);
      assert.equal(second.commands.length, 1, 'one exec looks and is the carrier');
    });
  }

  it('by the oldest Node that it is for', async function () {
    this.timeout(6 * 60_000);
    const obstacle = oldNodeObstacle();
    if (obstacle !== undefined) skipFor(this, obstacle);
    const { env } = sandbox({ node: await installOldNode() });

    await assertWorks(await connect(new LocalTransport(env)));
  });

  it('as the user’s alone: folders 0700, the secret 0600, and in no argument or environment', async () => {
    const { home, env } = sandbox();
    await assertWorks(await connect(new LocalTransport(env)));

    const dir = path.join(home, '.cache/cloud-sandboxes', `agent-${program.version}`);
    const modes = [dir, `${dir}/secrets`, `${dir}/secrets/${keyId}`].map(
      (file) => statSync(file).mode & 0o777,
    );
    assert.deepEqual(modes, [0o700, 0o700, 0o600]);
    const forms = [secret.toString('latin1'), secret.toString('hex'), secret.toString('base64')];
    for (const text of allArguments()) assert.ok(!forms.some((form) => text.includes(form)));
  });

  it('beside a secret of somebody else, whose agent goes on', async () => {
    const { env } = sandbox();
    await assertWorks(await connect(new LocalTransport(env)));
    const before = agentsIn(temp.path);

    await assertWorks(await connect(new LocalTransport(env), otherSecret));

    assert.deepEqual(agentsIn(temp.path), before);
  });

  it('for two with different keys at once', async () => {
    const { env } = sandbox();

    const clients = await Promise.all([
      connect(new LocalTransport(env)),
      connect(new LocalTransport(env), otherSecret),
    ]);

    for (const client of clients) await assertWorks(client);
    assert.equal(agentsIn(temp.path).length, 1);
  });

  it('without the secrets of those who came before it', async () => {
    const { home, env } = sandbox();
    await assertWorks(await connect(new LocalTransport(env), otherSecret));
    await killAgent();
    const secrets = path.join(home, '.cache/cloud-sandboxes', `agent-${program.version}`, 'secrets');
    const longAgo = Date.now() / 1000 - 3600;
    utimesSync(path.join(secrets, keyIdOf(otherSecret)), longAgo, longAgo);

    await assertWorks(await connect(new LocalTransport(env)));

    assert.deepEqual(readdirSync(secrets), [keyId]);
  });

  it('anew where one was killed and left its files', async () => {
    const { env } = sandbox();
    await assertWorks(await connect(new LocalTransport(env)));
    const killed = await killAgent();

    await assertWorks(await connect(new LocalTransport(env)));

    assert.notDeepEqual(agentsIn(temp.path), [killed]);
  });

  const homes = [
    { name: 'no home folder', home: '/nonexistent' },
    { name: 'a root that cannot be written to', home: '/root' },
    { name: 'no HOME at all', home: undefined },
  ];
  for (const { name, home } of homes) {
    it(`into /tmp where there is ${name}`, async function () {
      requireTool(this, 'bwrap');
      const { env } = sandbox();
      const root = [
        '/usr/bin/bwrap',
        '--ro-bind',
        '/',
        '/',
        '--bind',
        path.join(temp.path),
        '/tmp',
        '--dev',
        '/dev',
      ];
      const { PATH } = env;
      const transport = new LocalTransport(
        { PATH: `${PATH.replace(temp.path, '/tmp')}:/usr/bin`, ...(home !== undefined && { HOME: home }) },
        [...root, '--ro-bind', '/proc', '/proc'],
      );

      await assertWorks(await connect(transport));

      assert.ok(
        existsSync(path.join(temp.path, `cloud-sandboxes-${uid}`, `agent-${program.version}`, 'agent.json')),
      );
    });
  }

  it('not into a folder that is somebody else’s: into the next', async function () {
    if (uid !== '0') skipFor(this, 'only root can give a folder away');
    requireTool(this, 'bwrap');
    const { env } = sandbox();
    const foreign = path.join(temp.path, 'home/.cache/cloud-sandboxes');
    mkdirSync(foreign, { recursive: true });
    chownSync(foreign, 65_534, 65_534);
    mkdirSync(path.join(temp.path, 'tmp'));
    const wrapper = [
      '/usr/bin/bwrap',
      '--dev-bind',
      '/',
      '/',
      '--bind',
      path.join(temp.path, 'tmp'),
      '/var/tmp',
    ];
    mkdirSync(path.join(temp.path, 'runtime'));
    const transport = new LocalTransport(
      { ...env, XDG_RUNTIME_DIR: path.join(temp.path, 'runtime') },
      wrapper,
    );

    await assertWorks(await connect(transport));

    assert.deepEqual(readdirSync(foreign), []);
    assert.ok(existsSync(path.join(temp.path, 'runtime/cloud-sandboxes', `agent-${program.version}`)));
  });

  const unfit = [
    { name: 'no Node', node: '', message: /no Node\.js 18 or later; install it there/ },
    {
      name: 'a Node that is too old',
      node: { script: '#!/bin/sh\necho 17.9.1\n' },
      message: /too old/,
    },
    { name: 'a Node of another processor', node: { script: '#!/bin/sh\nexit 126\n' }, message: /fails/ },
    { name: 'something else called node', node: { script: '#!/bin/sh\necho AX.25\n' }, message: /fails/ },
  ];
  for (const { name, node, message } of unfit) {
    it(`unless there is ${name}`, async function () {
      requireTool(this, 'bwrap');
      const { env } = sandbox({ node });
      // Every sandbox is searched for a Node there, and this computer may have one.
      const withoutOther = ['/usr/bin/bwrap', '--dev-bind', '/', '/', '--tmpfs', '/usr/local/bin'];

      await assert.rejects(connect(new LocalTransport(env, withoutOther)), { code: 'no-node', message });
    });
  }

  describe('by what is uploaded', () => {
    const uploads = [
      { name: 'breaks off', input: (packed: Buffer) => packed.subarray(0, 1000), failed: /interrupted/ },
      {
        name: 'is damaged',
        input: (packed: Buffer) => Buffer.concat([packed.subarray(0, -1000), Buffer.alloc(1000)]),
        failed: /damaged/,
      },
    ];
    for (const { name, input, failed } of uploads) {
      it(`not if it ${name}`, async () => {
        const { home } = sandbox();
        const packed = await program.pack();
        const place = path.join(home, 'agents');
        const { version } = program;
        const task = { step: 'stdin', version, keyId, size: packed.length, ports: [], places: [place] };

        const installer = startLocalProcess([process.execPath, '-e', INSTALLER, JSON.stringify(task)]);
        const { stdout } = await collect(installer, Buffer.concat([secret, input(packed)]));

        assert.match(stdout, failed);
        assert.deepEqual(readdirSync(path.join(place, `agent-${version}`)), ['secrets']);
      });
    }
  });
});
