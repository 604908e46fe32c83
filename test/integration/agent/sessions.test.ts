import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { Duplex } from 'node:stream';
import { keyIdOf } from '../../../src/agentProtocol/secret';
import { TestAgent, agentProgram, type TestAgentOptions } from '../../helpers/agent';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/forwards';
import { isRunning } from '../../helpers/processes';
import { collect, sha256, sha256Of } from '../../helpers/remoteProcess';
import { useTempDir } from '../../helpers/tempDir';

describe('an agent', () => {
  const dir = useTempDir();
  const agents: TestAgent[] = [];
  const folder = (): string => path.join(dir.path, 'agent');

  const start = async (options?: TestAgentOptions): Promise<TestAgent> => {
    const agent = await TestAgent.start(folder(), options);
    agents.push(agent);
    return agent;
  };

  /** One whose record cannot be written. */
  const startInVain = async (): Promise<TestAgent> => {
    const agent = new TestAgent(folder());
    mkdirSync(path.join(folder(), 'agent.json/taken'), { recursive: true });
    agents.push(agent);
    void agent.start().catch(() => undefined);
    await once(agent.child, 'exit');
    return agent;
  };

  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.end()));
  });

  it('says in its folder that it runs, and no longer once it has ended', async () => {
    const agent = await start();
    const record = await agent.record();

    assert.equal(
      record.version,
      createHash('sha256').update(readFileSync(agentProgram)).digest('hex').slice(0, 12),
    );
    assert.deepEqual(record.ports, []);
    assert.equal(statSync(agent.socket).mode & 0o777, 0o600);

    agent.child.kill('SIGTERM');
    await once(agent.child, 'exit');

    assert.deepEqual(
      [existsSync(agent.socket), existsSync(path.join(folder(), 'agent.json'))],
      [false, false],
    );
  });

  it('leaves no secret behind', async () => {
    const agent = await start();
    (await agent.connect()).close();

    agent.child.kill('SIGTERM');
    await once(agent.child, 'exit');

    assert.deepEqual(readdirSync(path.join(folder(), 'secrets')), []);
  });

  it('is the only one of its folder', async () => {
    await start();
    const second = spawn(process.execPath, [agentProgram, 'serve', '--dir', folder()], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const complaints: Buffer[] = [];
    second.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    const [code] = (await once(second, 'close')) as [number];

    assert.equal(code, 1);
    assert.match(String(Buffer.concat(complaints)), /runs in .* already/);
  });

  it('tells its log why it cannot serve', async () => {
    const { log } = await startInVain();

    assert.match(log, /cannot serve: .*agent\.json/);
  });

  it('lets no debugger in', async () => {
    const port = await freePort();
    const agent = await start({ env: { ...process.env, NODE_OPTIONS: `--inspect-port=${port}` } });

    agent.child.kill('SIGUSR1');

    const { client } = await agent.connect();
    await collect(await client.exec({ argv: ['sleep', '0.5'], env: {} }));
    await assert.rejects(once(net.connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
  });

  it('takes the place of one that was killed', async () => {
    const agent = await start();
    agent.child.kill('SIGKILL');
    await once(agent.child, 'exit');

    const next = await start();

    assert.equal((await next.record()).pid, next.child.pid);
    await next.connect();
  });

  it('keeps a session over lost carriers: every byte once', async () => {
    const agent = await start();
    const connection = await agent.connect();
    const data = randomBytes(30_000_000);
    const process = await connection.client.exec({ argv: ['cat'], env: {} });
    const received = sha256Of(process.stdout);
    for (let at = 0; at < data.length; at += 3_000_000) {
      process.stdin.write(data.subarray(at, at + 3_000_000));
      const attached = once(connection.stream, 'attached');
      connection.cut();
      await attached;
    }
    process.stdin.end();

    assert.equal(await received, sha256(data));
    assert.deepEqual(await process.exited, { code: 0 });
  });

  it('ends the programs of a session that stays away, but no daemon', async () => {
    const agent = await start({ args: ['--session-seconds', '1'] });
    const connection = await agent.connect();
    const script = 'setsid sleep 1000 & echo $!; trap "" HUP; echo $$; while :; do sleep 0.2; done';
    const process_ = await connection.client.exec({ argv: ['bash', '-c', script], env: {} });
    let output = '';
    process_.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
    process_.exited.catch(() => undefined);
    const [daemon, program] = await eventually(() => {
      const numbers = output.trim().split('\n').map(Number);
      assert.equal(numbers.length, 2);
      return numbers as [number, number];
    });

    connection.vanish();

    await eventually(() => assert.equal(isRunning(program), false));
    assert.equal(isRunning(daemon), true);
    process.kill(daemon);
  });

  it('ends by itself when nobody used it for a while', async () => {
    const agent = await start({ args: ['--idle-exit-seconds', '2'] });
    const connection = await agent.connect();
    assert.equal(
      (await collect(await connection.client.exec({ argv: ['sleep', '2.5'], env: {} }))).stdout,
      '',
    );

    connection.close();

    const [code] = (await once(agent.child, 'exit')) as [number];
    assert.equal(code, 0);
  });

  it('that is told to end does so when it has no session any more', async () => {
    const agent = await start();
    const first = await agent.connect();
    agent.child.kill('SIGTERM');

    const second = await agent.connect();
    first.close();
    assert.equal((await collect(await second.client.exec({ argv: ['echo', 'on'], env: {} }))).stdout, 'on\n');

    const exited = once(agent.child, 'exit');
    second.close();
    await exited;
  });

  it('takes secrets that are added while it runs, and none that others could know', async () => {
    const agent = await start();
    const [added, open] = [randomBytes(32), randomBytes(32)];
    agent.addSecret(added);
    agent.addSecret(open);
    chmodSync(path.join(folder(), 'secrets', keyIdOf(open)), 0o644);

    await agent.connect(undefined, added);
    await assert.rejects(agent.connect(undefined, open), { code: 'refused' });
    await assert.rejects(agent.connect(undefined, randomBytes(32)), { code: 'refused' });
  });

  it('refuses a folder that is not its own', async () => {
    const child = spawn(process.execPath, [agentProgram, 'serve', '--dir', '/dev/null/agent'], {
      stdio: 'ignore',
    });
    const [code] = (await once(child, 'exit')) as [number];

    assert.equal(code, 1);
  });

  it('has its secret in no log, argument or environment', async () => {
    const agent = await start();
    const { client } = await agent.connect();
    await collect(await client.exec({ argv: ['env'], env: {} }));
    const needles = [
      agent.secret,
      Buffer.from(agent.secret.toString('hex')),
      Buffer.from(agent.secret.toString('base64')),
    ];
    const pid = agent.child.pid!;
    const texts = [
      readFileSync(path.join(folder(), 'agent.log')),
      readFileSync(`/proc/${pid}/cmdline`),
      readFileSync(`/proc/${pid}/environ`),
    ];

    for (const text of texts) for (const needle of needles) assert.equal(text.includes(needle), false);
    assert.deepEqual(readdirSync(path.join(folder(), 'secrets')), [keyIdOf(agent.secret)]);
  });

  it('is reached through `attach` as well', async () => {
    const agent = await start();
    const attached = spawn(process.execPath, [agentProgram, 'attach', '--dir', folder()], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const connection = await agent.connect(() =>
      Promise.resolve(Duplex.from({ readable: attached.stdout, writable: attached.stdin })),
    );
    const data = randomBytes(20_000_000);

    const process_ = await connection.client.exec({ argv: ['cat'], env: {} });
    process_.stdin.end(data);

    assert.equal(await sha256Of(process_.stdout), sha256(data));
    connection.close();
    await once(attached, 'exit');
  });
});

describe('`attach` without an agent', () => {
  const dir = useTempDir();

  it('fails and says so', async () => {
    const child = spawn(process.execPath, [agentProgram, 'attach', '--dir', dir.path], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const complaints: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    const [code] = (await once(child, 'close')) as [number];

    assert.equal(code, 69);
    assert.match(String(Buffer.concat(complaints)), /No agent answers at/);
  });
});
