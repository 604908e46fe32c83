import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { Channel } from '../../../src/agentProtocol/channels/channel';
import type { IncomingConnection } from '../../../src/ssh/backend';
import type { AgentClient } from '../../../src/ssh/backends/agent/agentClient';
import { operations, type AgentFacts, type Operation } from '../../../src/agentProtocol/operations';
import { TestAgent, type AgentConnection } from '../../helpers/agent';
import { eventually } from '../../helpers/eventually';
import { isRunning } from '../../helpers/processes';
import { collect, readAll, readOpen, sha256, sha256Of } from '../../helpers/remoteProcess';
import { useTempDir } from '../../helpers/tempDir';

describe('the channels of an agent', () => {
  const dir = useTempDir();
  let agent: TestAgent;
  let connection: AgentConnection;
  let client: AgentClient;

  beforeEach(async () => {
    agent = await TestAgent.start(path.join(dir.path, 'agent'), { env: { ...process.env, HOME: dir.path } });
    connection = await agent.connect();
    client = connection.client;
  });

  afterEach(() => agent.end());

  const run = async (script: string, input: string | Buffer = '') =>
    collect(await client.exec({ argv: ['sh', '-c', script], env: {} }), input);

  it('tells who the user is and how terminals are made', async () => {
    const facts = (await connection.session.call(operations.facts)) as AgentFacts;

    assert.equal(facts.home, dir.path);
    assert.equal(facts.user, os.userInfo().username);
    assert.match(facts.shell, /^\/.*sh$/);
    assert.equal(facts.pid, agent.child.pid);
    assert.match(facts.version, /^[0-9a-f]{12}$/);
    assert.match(facts.terminals, /^(python3|script)$/);
  });

  describe('exec', () => {
    it('keeps outputs apart and passes the exit code', async () => {
      assert.deepEqual(await run('echo out; echo err >&2; exit 7'), {
        stdout: 'out\n',
        stderr: 'err\n',
        status: { code: 7 },
      });
    });

    it('is not said to have ended before its outputs were read', async () => {
      const process = await client.exec({ argv: ['sh', '-c', 'echo err >&2'], env: {} });
      const { stderr } = process;
      assert.ok(stderr instanceof Channel);
      let hasEnded = false;
      void process.exited.then(() => (hasEnded = true));
      process.stdout.resume();
      await eventually(() => assert.ok(stderr.hasEof));
      assert.equal(hasEnded, false);

      assert.equal(String(await readAll(stderr)), 'err\n');
      assert.deepEqual(await process.exited, { code: 0 });
    });

    it('need not be read where it says nothing', async () => {
      const process = await client.exec({ argv: ['true'], env: {} });

      assert.deepEqual(await process.exited, { code: 0 });
    });

    it('passes the signal that ended the program', async () => {
      assert.deepEqual((await run('kill -ABRT $$')).status, { signal: 'ABRT' });
    });

    it('passes the end of input', async () => {
      assert.equal((await run('cat; echo end', 'in\n')).stdout, 'in\nend\n');
    });

    it('runs in the home folder, with the variables that are given', async () => {
      const process = await client.exec({ argv: ['sh', '-c', 'pwd; echo $GIVEN'], env: { GIVEN: 'a=b' } });

      assert.equal((await collect(process)).stdout, `${dir.path}\na=b\n`);
    });

    it('takes input that the program does not read', async () => {
      const { stdout } = await run('exec <&-; echo done', Buffer.alloc(10_000_000));

      assert.equal(stdout, 'done\n');
    });

    it('carries 64 MB both ways unchanged', async () => {
      const data = randomBytes(64_000_000);
      const process = await client.exec({ argv: ['cat'], env: {} });
      process.stdin.end(data);

      assert.equal(await sha256Of(process.stdout), sha256(data));
      assert.deepEqual(await process.exited, { code: 0 });
    });

    it('is not held up by another channel that nobody reads', async () => {
      const held = await client.exec({ argv: ['cat', '/dev/zero'], env: {} });
      held.stdout.pause();
      await once(held.stdout, 'readable');

      const { stdout } = await run('head -c 20000000 /dev/zero | wc -c');

      assert.equal(stdout, '20000000\n');
      held.kill();
    });

    it('lasts as long as a job in the background holds the output, and leaves the job alone when it is ended', async () => {
      const program = await client.exec({ argv: ['sh', '-c', 'sleep 1000 & echo $!'], env: {} });
      const [chunk] = (await once(program.stdout, 'data')) as [Buffer];
      const job = Number(String(chunk));

      program.kill();
      await program.exited;

      assert.ok(isRunning(job), 'the job goes on');
      process.kill(job);
    });

    it('says why a program cannot be run', async () => {
      const missing = await collect(await client.exec({ argv: ['no-such-program'], env: {} }));
      const elsewhere = await collect(
        await client.exec({ argv: ['true'], env: {}, workingDirectory: '/no/dir' }),
      );

      assert.deepEqual(missing.status, { code: 127 });
      assert.deepEqual(elsewhere.status, { code: 126 });
      assert.match(elsewhere.stderr, /Cannot enter \/no\/dir/);
    });

    it('tells of a command that is too long for the system, and leaves nothing open for it', async () => {
      const tooLong = { argv: ['true', 'x'.repeat(200_000)] as const, env: {} };
      const descriptors = (): number => readdirSync(`/proc/${agent.child.pid}/fd`).length;
      const before = descriptors();

      const outcomes = await Promise.all(
        Array.from({ length: 30 }, async () => collect(await client.exec(tooLong))),
      );

      for (const { status, stderr } of outcomes) {
        assert.deepEqual(status, { code: 126 });
        assert.match(stderr, /E2BIG/);
      }
      // Each command has six; pipes for some are made ahead.
      await eventually(() => assert.ok(descriptors() < before + 60));
    });

    it('refuses a command that is too long for a message, and goes on', async () => {
      const tooLong = { argv: ['true', 'x'.repeat(2_000_000)] as const, env: {} };

      await assert.rejects(client.exec(tooLong), { code: 'refused', message: /takes no such request/ });
      assert.equal((await run('echo on')).stdout, 'on\n');
    });

    it('delivers signals to the whole group', async () => {
      const process = await client.exec({ argv: ['sh', '-c', 'sleep 1000 & wait'], env: {} });
      process.signal('TERM');

      assert.deepEqual((await collect(process)).status, { signal: 'TERM' });
    });

    it('hangs up a program whose channel is closed, and in the end kills it', async () => {
      const process = await client.exec({
        argv: ['bash', '-c', 'trap "" HUP; echo $$; while :; do sleep 1; done'],
        env: {},
      });
      const [line] = (await once(process.stdout, 'data')) as [Buffer];

      process.stdout.destroy();

      await eventually(() => assert.equal(isRunning(Number(String(line))), false));
    });

    it('refuses a description that makes no sense', async () => {
      const nameless = { argv: [''] as const, env: {}, terminal: { columns: 80, rows: 24 } };
      await assert.rejects(client.exec(nameless), { code: 'unavailable', message: /not understood/ });
      await assert.rejects(connection.session.call('none' as Operation), {
        message: /knows no such request/,
      });
    });

    it('leaves nothing to wait for where a program is refused', async () => {
      const began = performance.now();

      await assert.rejects(client.exec({ argv: [''], env: {} }), { code: 'unavailable' });

      // Half a minute is what the agent waits for a program that stderr was asked of.
      assert.ok(performance.now() - began < 10_000);
    });

    it('refuses a second program of a channel', async () => {
      const taken = { channel: 'same', argv: ['cat'], env: {} };
      const { channel } = await connection.session.open(operations.exec, taken);

      await assert.rejects(connection.session.call(operations.exec, taken), { message: /is taken/ });
      channel.destroy();
    });
  });

  describe('exec in a terminal', () => {
    it('has a size that can be changed', async () => {
      const terminal = { columns: 91, rows: 17 };
      const script = 'stty size; until [ "$(stty size)" = "33 101" ]; do sleep 0.01; done; stty size';
      const process = await client.exec({ argv: ['sh', '-c', script], env: { TERM: 'xterm' }, terminal });
      // Before it is read: what has come by now is read at once.
      const size = once(process.stdout, 'data');
      const shown = readAll(process.stdout);
      await size;

      process.resize({ columns: 101, rows: 33 });

      assert.deepEqual(await process.exited, { code: 0 });
      assert.match(String(await shown), /33 101\r\n$/);
    });

    it('is not hung up by the end of input', async () => {
      const terminal = { columns: 80, rows: 24 };
      const process = await client.exec({
        argv: ['sh', '-c', 'sleep 0.3; echo still there'],
        env: {},
        terminal,
      });

      assert.match((await collect(process)).stdout, /still there/);
    });
  });

  describe('dial', () => {
    let server: net.Server;
    /** Answers what it got, once its client has ended. */
    const onClient = (socket: net.Socket): void => {
      void readOpen(socket).then((data) => socket.end(`got ${data.length}`));
    };

    beforeEach(() => (server = net.createServer({ allowHalfOpen: true }, onClient)));
    afterEach(() => server.close());

    it('reaches a TCP port by name, with an end of each direction', async () => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as net.AddressInfo;
      const stream = await client.dial({ kind: 'tcp', host: 'localhost', port });

      stream.end(Buffer.alloc(3_000_000));

      assert.equal(String(await readAll(stream)), 'got 3000000');
    });

    it('reaches a Unix socket', async () => {
      server.listen(path.join(dir.path, 's'));
      await once(server, 'listening');
      const stream = await client.dial({ kind: 'unix', path: 's' });

      stream.end('abc');

      assert.equal(String(await readAll(stream)), 'got 3');
    });

    it('says that nothing answers', async () => {
      await assert.rejects(client.dial({ kind: 'tcp', host: '127.0.0.1', port: 1 }), {
        code: 'refused',
        message: /Connection refused/,
      });
      await assert.rejects(client.dial({ kind: 'unix', path: '/no/socket' }), { code: 'refused' });
    });
  });

  describe('listen', () => {
    it('tells of each connection at a TCP port, with its peer', async () => {
      const connections: IncomingConnection[] = [];
      const listener = await client.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, (each) =>
        connections.push(each),
      );
      const peer = net.connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });

      const { stream, host, port } = await eventually(() => connections[0] ?? assert.fail('nobody came'));
      assert.deepEqual([host, port], ['127.0.0.1', peer.localPort]);
      peer.end('question');
      assert.equal(String(await readOpen(stream)), 'question');
      stream.end('answer');
      assert.equal(String(await readAll(peer)), 'answer');

      listener.close();
      await eventually(() => assert.rejects(connectTo(listener.port)));
    });

    it('makes Unix sockets for this user alone, and removes them', async () => {
      const socket = path.join(dir.path, 'listening');
      const listener = await client.listen({ kind: 'unix', path: socket }, ({ stream }) =>
        stream.end('hello'),
      );

      assert.equal(statSync(socket).mode & 0o777, 0o600);
      assert.equal(String(await readAll(net.connect(socket))), 'hello');

      listener.close();
      await eventually(() => assert.ok(!existsSync(socket)));
    });

    it('makes private sockets in a folder of their own', async () => {
      const listener = await client.listen({ kind: 'private' }, ({ stream }) => stream.end('hello'));
      const folder = path.dirname(listener.path);

      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.equal(String(await readAll(net.connect(listener.path))), 'hello');

      connection.close();
      await eventually(() => assert.ok(!existsSync(folder)));
    });

    it('refuses a path that is too long for a socket, which the system would cut', async () => {
      const address = { kind: 'unix', path: path.join(dir.path, 'x'.repeat(108)) } as const;

      await assert.rejects(
        client.listen(address, () => undefined),
        { code: 'refused', message: /at most \d+ bytes/ },
      );
      await assert.rejects(client.dial(address), { code: 'refused', message: /at most \d+ bytes/ });
    });

    it("refuses what is taken, with the system's reason", async () => {
      const { port } = await client.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, () => undefined);

      await assert.rejects(
        client.listen({ kind: 'tcp', host: '127.0.0.1', port }, () => undefined),
        {
          code: 'refused',
          message: /EADDRINUSE/,
        },
      );
    });
  });

  describe('sftp', () => {
    it("is served by the sandbox's own server or by ours", async () => {
      writeFileSync(path.join(dir.path, 'file'), 'content');
      const process = await client.sftp();
      // INIT of version 3, then REALPATH of ".", with request id 7.
      const init = '00000005' + '01' + '00000003';
      const realPathOfDot = '0000000a' + '10' + '00000007' + '00000001' + '2e';
      process.stdin.write(Buffer.from(init + realPathOfDot, 'hex'));
      const chunks: Buffer[] = [];
      process.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      await eventually(() => assert.ok(Buffer.concat(chunks).includes(dir.path)));

      process.stdin.end();

      assert.deepEqual(await process.exited, { code: 0 });
    });

    it('leaves no server behind when it is given up at once', async () => {
      const children = (): string =>
        readFileSync(`/proc/${agent.child.pid}/task/${agent.child.pid}/children`, 'latin1');
      const given = Array.from({ length: 5 }, () => {
        const giveUp = new AbortController();
        const opening = client.sftp(giveUp.signal);
        setImmediate(() => giveUp.abort());
        return assert.rejects(opening, { name: 'AbortError' });
      });
      await Promise.all(given);
      assert.equal((await run('echo on')).stdout, 'on\n');

      await eventually(() => assert.equal(children(), ''));
    });
  });
});

async function connectTo(port: number): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
