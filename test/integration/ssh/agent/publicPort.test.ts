import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { AgentRecord } from '../../../../src/agent/agentFolder';
import { deriveSecret, keyIdOf } from '../../../../src/agentProtocol/secret';
import { silentLogger } from '../../../../src/base/logger';
import { AgentClient } from '../../../../src/ssh/backends/agent/agentClient';
import { AgentLink } from '../../../../src/ssh/backends/agent/agentLink';
import { AgentProgram } from '../../../../src/ssh/backends/agent/agentProgram';
import { AgentSession } from '../../../../src/ssh/backends/agent/agentSession';
import { PortReach } from '../../../../src/ssh/backends/agent/portReach';
import { agentsIn } from '../../../helpers/agent';
import { eventually } from '../../../helpers/eventually';
import { freePort } from '../../../helpers/forwards';
import { LocalAgentHost } from '../../../helpers/localAgentHost';
import { makePath } from '../../../helpers/localTransport';
import { isRunning } from '../../../helpers/processes';
import { collect } from '../../../helpers/remoteProcess';
import { requireTool } from '../../../helpers/require';
import { endChild } from '../../../helpers/sshHost';
import { useTempDir } from '../../../helpers/tempDir';

const secret = deriveSecret('a private key');

describe('an agent that is reached by a public port', () => {
  const links: AgentLink[] = [];
  /** Runs under the process id of an agent that was killed. */
  let other: ChildProcess | undefined;
  // Before the folder is removed.
  afterEach(async () => {
    for (const link of links.splice(0)) await link.close(Promise.resolve());
    if (other) await endChild(other);
    const agents = agentsIn(temp.path);
    for (const pid of agents) process.kill(pid, 'SIGTERM');
    await eventually(() => assert.ok(!agents.some(isRunning)));
  });
  const temp = useTempDir();
  let env: NodeJS.ProcessEnv;
  let port: number;
  let program: AgentProgram;
  let said: string[];
  before(async () => {
    program = await AgentProgram.read(path.resolve('dist/agent.js'));
  });
  beforeEach(async () => {
    port = await freePort();
    said = [];
    useShell('/bin/sh');
  });

  /** A home of its own, and this shell. */
  function useShell(sh: string): void {
    const home = path.join(temp.path, 'home');
    mkdirSync(home, { recursive: true });
    const bin = path.join(temp.path, path.basename(sh));
    env = { HOME: home, PATH: makePath(bin, { sh, id: '/usr/bin/id', node: process.execPath }) };
  }

  async function connect(host = new LocalAgentHost(env, [port])): Promise<AgentLink> {
    const keyId = keyIdOf(secret);
    const reach = new PortReach({
      host,
      program,
      secret,
      keyId,
      onStart: () => undefined,
      log: { ...silentLogger, info: (message) => void said.push(message) },
    });
    const mayReconnect = (): Promise<void> => Promise.resolve();
    const options = { reach, secret, mayReconnect, onState: () => undefined };
    const link = await AgentLink.open(options, AbortSignal.timeout(30_000));
    links.push(link);
    return link;
  }

  async function assertWorks({ stream }: AgentLink): Promise<void> {
    const client = new AgentClient(new AgentSession(stream));
    const { stdout } = await collect(await client.exec({ argv: ['/bin/cat'], env: {} }), 'in');
    assert.equal(stdout, 'in');
  }

  /** Kills it, so that its files stay, and has them tell of another program's process. */
  async function replaceAgent(): Promise<void> {
    const [agent] = agentsIn(temp.path);
    const file = path.join(env['HOME']!, '.cache/cloud-sandboxes', `agent-${program.version}`, 'agent.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as AgentRecord;
    process.kill(agent!, 'SIGKILL');
    await eventually(() => assert.ok(!isRunning(agent!)));
    other = spawn('/usr/bin/sleep', ['60']);
    await once(other, 'spawn');
    writeFileSync(file, `${JSON.stringify({ ...record, pid: other.pid })}\n`);
  }

  it('is not started where the cloud lets nobody in by a port', async () => {
    const message = /lets nobody in by a port of this sandbox/;

    await assert.rejects(connect(new LocalAgentHost(env, [])), { code: 'no-port', message });
    assert.deepEqual(agentsIn(temp.path), []);
  });

  const shells = ['dash', 'bash', 'busybox'];
  for (const shell of shells) {
    it(`is found by the next connection, by ${shell}`, async function () {
      requireTool(this, shell);
      useShell(`/usr/bin/${shell}`);
      await assertWorks(await connect());
      const before = agentsIn(temp.path);

      await assertWorks(await connect());

      assert.deepEqual(agentsIn(temp.path), before);
    });

    it(`is started anew where another program has the process id of one that was killed, by ${shell}`, async function () {
      requireTool(this, shell);
      useShell(`/usr/bin/${shell}`);
      await connect();
      await replaceAgent();

      await assertWorks(await connect());

      // Nobody dialled and waited for the one that was killed.
      assert.doesNotMatch(said.join('\n'), /is of no use/);
    });
  }

  it('is started anew even where nothing tells what has its process id', async function () {
    requireTool(this, 'bwrap');
    const withoutProc = ['/usr/bin/bwrap', '--dev-bind', '/', '/', '--tmpfs', '/proc', '--'];
    await connect();
    await replaceAgent();

    await assertWorks(await connect(new LocalAgentHost(env, [port], withoutProc)));
  });

  it('is known to be gone though another program has its process id', async () => {
    const { stream } = await connect();
    stream.resume();
    const failed = once(stream, 'error');

    await replaceAgent();

    const [error] = (await failed) as [{ code: string }];
    assert.equal(error.code, 'session-lost');
  });
});
