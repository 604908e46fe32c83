import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { delay } from '../../../src/base/async';
import { ProcessCarrier } from '../../../src/ssh/backends/agent/processCarrier';
import { TestAgent } from '../../helpers/agent';
import { ATTACHERS, prepareAttach, requireAttacher, type AttachCommand } from '../../helpers/attach';
import { eventually } from '../../helpers/eventually';
import { startLocalProcess } from '../../helpers/localProcess';
import { startPipedProcess, type PipedProcess } from '../../helpers/pipedProcess';
import { isRunning } from '../../helpers/processes';
import { sha256, sha256Of } from '../../helpers/remoteProcess';
import { skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

const MEGABYTE = 1_000_000;

for (const attacher of ATTACHERS) {
  describe(`a session over the pipes of an \`attach\`, by ${attacher.by}`, () => {
    const dir = useTempDir();
    const attached: PipedProcess[] = [];
    let agent: TestAgent;
    let command: AttachCommand;

    before(function () {
      if (process.platform !== 'linux') skipFor(this, 'there is no /proc to open pipes by');
      requireAttacher(this, attacher);
    });
    beforeEach(async () => {
      agent = await TestAgent.start(path.join(dir.path, 'agent'));
      command = prepareAttach(agent.dir, attacher);
    });
    afterEach(async () => {
      await agent.end();
      for (const process of attached.splice(0)) process.kill();
    });

    const dial = async (): Promise<Duplex> => {
      const process = await startPipedProcess(command.argv, command.env);
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
      assert.ok(bytesReadBy(pid) - readBefore < MEGABYTE);
    });

    if (attacher.by === 'perl') {
      it('has large pipes', async () => {
        await agent.connect(dial);
        const { pid } = lastAttached();

        assert.deepEqual(
          [0, 1].map((fd) => pipeSize(pid, fd)),
          [1_048_576, 1_048_576],
        );
      });
    }

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

    /** By sockets, which cannot be handed over. */
    const dialThroughIt = (): Promise<Duplex> =>
      Promise.resolve(new ProcessCarrier(startLocalProcess(command.argv, command.env)));

    it('goes through it where its stdin and stdout are sockets', async () => {
      const { client } = await agent.connect(dialThroughIt);
      const data = randomBytes(3 * MEGABYTE);

      const cat = await client.exec({ argv: ['cat'], env: {} });
      cat.stdin.end(data);

      assert.equal(await sha256Of(cat.stdout), sha256(data));
    });

    it('ends through it also where the agent writes before it reads of that', async () => {
      const connections = await Promise.all([1, 2, 3, 4].map(() => agent.connect(dialThroughIt)));
      for (const { client } of connections) {
        const cat = await client.exec({ argv: ['cat'], env: {} });
        cat.stdin.write('to be acknowledged');
        await once(cat.stdout, 'data');
        cat.stdin.write('to be acknowledged');
      }

      agent.child.kill('SIGSTOP');
      for (const connection of connections) connection.close();
      // By then each has passed on the end.
      await delay(200);
      agent.child.kill('SIGCONT');

      await eventually(() => assert.equal(agent.log.match(/session \w+ has ended/g)?.length, 4));
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

/** In bytes. */
function pipeSize(pid: number, fd: number): number {
  // F_GETPIPE_SZ (fcntl(2)).
  const program = 'open F, "<", $ARGV[0]; print fcntl(F, 1032, 0)';
  return Number(execFileSync('perl', ['-e', program, `/proc/${pid}/fd/${fd}`], { encoding: 'utf8' }));
}

/** In all its reads: proc(5), `rchar`. */
function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}
