import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fstatSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { createPipesServer } from '../../../src/agent/carriers/offeredPipes';
import { formatOffer, PIPES_SOCKET, TAKEN } from '../../../src/agentProtocol/pipeOffer';
import { ByteReader } from '../../../src/base/byteReader';
import { silentLogger } from '../../../src/base/logger';
import { PipeFactory } from '../../../src/processes/pipes';
import { ProcessCarrier } from '../../../src/ssh/backends/agent/processCarrier';
import { TestAgent } from '../../helpers/agent';
import { ATTACHERS, prepareAttach, requireAttacher, type AttachCommand } from '../../helpers/attach';
import { eventually } from '../../helpers/eventually';
import { startLocalProcess } from '../../helpers/localProcess';
import { startPipedProcess, type PipedProcess } from '../../helpers/pipedProcess';
import { isRunning } from '../../helpers/processes';
import { readAll, sha256, sha256Of } from '../../helpers/remoteProcess';
import { useTempDir } from '../../helpers/tempDir';

const MEGABYTE = 1_000_000;

describe('the socket for pipes', () => {
  const dir = useTempDir();
  const carriers: Duplex[] = [];
  let server: net.Server;
  let holder: PipedProcess;

  beforeEach(async () => {
    const onCarrier = (carrier: Duplex): void => void carriers.push(carrier.on('error', () => undefined));
    server = createPipesServer({ onCarrier, log: silentLogger, offerMs: 500 });
    await once(server.listen(path.join(dir.path, PIPES_SOCKET)), 'listening');
    holder = await startPipedProcess(['sleep', '1000'], new PipeFactory(dir.path + '/pipes', silentLogger));
  });

  afterEach(() => {
    holder.kill();
    for (const carrier of carriers.splice(0)) carrier.destroy();
    server.close();
  });

  const dial = (): net.Socket => net.connect({ path: path.join(dir.path, PIPES_SOCKET) });

  const inodeOf = (fd: number): bigint => statSync(`/proc/${holder.pid}/fd/${fd}`, { bigint: true }).ino;
  const goodOffer = (): string => formatOffer({ pid: holder.pid, input: inodeOf(0), output: inodeOf(1) });

  /** A carrier over the holder's pipes, and the socket on which they were offered. */
  const take = async (): Promise<{ carrier: Duplex; attach: net.Socket }> => {
    const attach = dial();
    attach.write(goodOffer());
    assert.equal(String(await new ByteReader(attach).read(TAKEN.length)), TAKEN);
    const carrier = await eventually(() => carriers[0] ?? assert.fail('no carrier'));
    return { carrier, attach };
  };

  describe('closes without an answer for', () => {
    const { pid } = process;
    const offers: { name: string; offer: () => string }[] = [
      { name: 'another inode for stdin', offer: () => offerWith({ input: inodeOf(0) + 1n }) },
      { name: 'another inode for stdout', offer: () => offerWith({ output: inodeOf(1) + 1n }) },
      { name: 'the number of another process', offer: () => offerWith({ pid }) },
      { name: 'a process that is not there', offer: () => offerWith({ pid: 4_000_000_000 }) },
      { name: 'what is no pipe', offer: offerOfAFile },
      { name: 'a path', offer: () => `../${holder.pid} ${inodeOf(0)} ${inodeOf(1)}\n` },
      { name: 'garbage', offer: () => `${randomBytes(30).toString('latin1')}\n` },
      { name: 'a line without an end', offer: () => '1'.repeat(200_000) },
      { name: 'silence', offer: () => '' },
    ];
    const offerWith = (wrong: { pid?: number; input?: bigint; output?: bigint }): string =>
      formatOffer({ pid: holder.pid, input: inodeOf(0), output: inodeOf(1), ...wrong });

    function offerOfAFile(): string {
      const { ino } = fstatSync(0, { bigint: true });
      return formatOffer({ pid, input: ino, output: ino });
    }

    for (const { name, offer } of offers) {
      it(name, async () => {
        const attach = dial();
        attach.on('error', () => undefined);
        attach.write(offer());
        const answer = await readAll(attach).catch(() => Buffer.alloc(0));

        assert.equal(String(answer), '');
        assert.equal(carriers.length, 0);
        await take();
      });
    }
  });

  it('closes for one connection too many', async () => {
    const connections = Array.from({ length: 129 }, dial);
    await Promise.all(connections.map((connection) => once(connection, 'connect')));

    await eventually(() =>
      assert.equal(connections.filter((connection) => !connection.destroyed).length, 128),
    );
    for (const connection of connections) connection.destroy();
  });

  it('makes a carrier of both pipes', async () => {
    const { carrier } = await take();
    const [up, down] = [randomBytes(3 * MEGABYTE), randomBytes(3 * MEGABYTE)];

    holder.stdin.write(up);
    carrier.write(down);
    const arrived = await Promise.all([
      new ByteReader(carrier).read(up.length),
      new ByteReader(holder.stdout).read(down.length),
    ]);

    assert.ok(arrived[0].equals(up) && arrived[1].equals(down));
  });

  it('holds the pipe while the carrier is not read', async () => {
    const { carrier } = await take();

    holder.stdin.write(randomBytes(3 * MEGABYTE));
    await once(carrier, 'readable');

    assert.ok(carrier.readableLength < MEGABYTE);
    assert.ok(holder.stdin.writableLength > MEGABYTE);
  });

  it('is told of the end once all is in the pipe', async () => {
    const { carrier, attach } = await take();
    const data = randomBytes(3 * MEGABYTE);

    carrier.end(data);
    const ended = once(attach.resume(), 'end');
    const arrived = await new ByteReader(holder.stdout).read(data.length);
    await ended;

    assert.ok(arrived.equals(data));
  });

  it('ends the carrier with the input', async () => {
    const { carrier, attach } = await take();
    const ended = once(attach.resume(), 'end');

    holder.stdin.end('last');

    assert.equal(String(await readAll(carrier)), 'last');
    await ended;
  });

  it('closes the carrier when who offered its pipes is gone, after what had come', async () => {
    const { carrier, attach } = await take();

    holder.stdin.write('last');
    attach.destroy();
    const [[last]] = await Promise.all([once(carrier, 'data') as Promise<[Buffer]>, once(carrier, 'close')]);

    assert.equal(String(last), 'last');
  });

  it('closes the carrier when nobody reads, after what had come', async () => {
    const { carrier } = await take();

    holder.stdin.write('last');
    holder.stdout.destroy();
    carrier.write('unread');
    const [[last]] = await Promise.all([once(carrier, 'data') as Promise<[Buffer]>, once(carrier, 'close')]);

    assert.equal(String(last), 'last');
  });
});

for (const attacher of ATTACHERS) {
  describe(`a session over the pipes of an \`attach\`, by ${attacher.by}`, () => {
    const dir = useTempDir();
    const attached: PipedProcess[] = [];
    let agent: TestAgent;
    let command: AttachCommand;
    let pipes: PipeFactory;

    before(function () {
      requireAttacher(this, attacher);
    });
    beforeEach(async () => {
      agent = await TestAgent.start(path.join(dir.path, 'agent'));
      command = prepareAttach(agent.dir, attacher);
      pipes = new PipeFactory(path.join(dir.path, 'pipes'), silentLogger);
    });
    afterEach(async () => {
      await agent.end();
      for (const process of attached.splice(0)) process.kill();
    });

    const dial = async (): Promise<Duplex> => {
      const process = await startPipedProcess(command.argv, pipes, command.env);
      attached.push(process);
      return new ProcessCarrier(process);
    };
    const lastAttached = (): PipedProcess => attached.at(-1) ?? assert.fail('nothing is attached');

    it('goes past it, both ways', async () => {
      const { client } = await agent.connect(dial);
      const { pid } = lastAttached();
      const readBefore = bytesReadBy(pid);
      const data = randomBytes(64 * MEGABYTE);

      const cat = await client.exec({ argv: ['cat'], env: {} });
      cat.stdin.end(data);

      assert.equal(await sha256Of(cat.stdout), sha256(data));
      assert.equal(isRunning(pid), true);
      assert.equal(bytesReadBy(pid), readBefore);
    });

    it('leaves nothing open when it ends', async () => {
      const { pid } = agent.child;
      const socketsOf = (): string[] => descriptorsOf(pid!).filter((name) => name.startsWith('socket:'));
      const socketsBefore = socketsOf();
      const connection = await agent.connect(dial);
      const offered = descriptorsOf(lastAttached().pid).slice(0, 2);
      assert.deepEqual(
        offered.map((name) => descriptorsOf(pid!).includes(name)),
        [true, true],
      );

      connection.close();

      assert.deepEqual(await lastAttached().exited, { code: 0 });
      await eventually(() => {
        assert.deepEqual(
          offered.map((name) => descriptorsOf(pid!).includes(name)),
          [false, false],
        );
        assert.deepEqual(
          socketsOf().filter((name) => !socketsBefore.includes(name)),
          [],
        );
      });
    });

    it('goes on over another one when it is killed', async () => {
      const connection = await agent.connect(dial);
      const data = randomBytes(30 * MEGABYTE);
      const cat = await connection.client.exec({ argv: ['cat'], env: {} });
      const received = sha256Of(cat.stdout);

      for (let at = 0; at < data.length; at += 10 * MEGABYTE) {
        cat.stdin.write(data.subarray(at, at + 10 * MEGABYTE));
        const resumed = once(connection.stream, 'attached');
        process.kill(lastAttached().pid, 'SIGKILL');
        await resumed;
      }
      cat.stdin.end();

      assert.equal(await received, sha256(data));
      assert.equal(attached.length, 4);
    });

    it('hears of its end also where that comes together with the end of `attach`', async () => {
      const connection = await agent.connect(dial);

      agent.child.kill('SIGSTOP');
      connection.close();
      process.kill(lastAttached().pid, 'SIGKILL');
      agent.child.kill('SIGCONT');

      await eventually(() => assert.match(agent.log, /session \w+ has ended/));
    });

    it('goes through it where its stdin and stdout are sockets', async () => {
      const relaying = startLocalProcess(command.argv, command.env);
      const { client } = await agent.connect(() => Promise.resolve(new ProcessCarrier(relaying)));
      const data = randomBytes(3 * MEGABYTE);

      const cat = await client.exec({ argv: ['cat'], env: {} });
      cat.stdin.end(data);

      assert.equal(await sha256Of(cat.stdout), sha256(data));
    });
  });
}

/** What its descriptors stand for, from its stdin on. */
function descriptorsOf(pid: number): string[] {
  const numbers = readdirSync(`/proc/${pid}/fd`).map(Number);
  return numbers
    .sort((a, b) => a - b)
    .map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return ''; // closed meanwhile
      }
    });
}

/** In all its reads: proc(5), `rchar`. */
function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}
