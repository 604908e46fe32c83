import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { createPipesServer } from '../../../src/agent/carriers/offeredPipes';
import { formatOffer, PIPES_SOCKET, TAKEN, type PipeOffer } from '../../../src/agentProtocol/pipeOffer';
import { ByteReader } from '../../../src/base/byteReader';
import { silentLogger } from '../../../src/base/logger';
import { eventually } from '../../helpers/eventually';
import { startPipedProcess, type PipedProcess } from '../../helpers/pipedProcess';
import { readAll } from '../../helpers/remoteProcess';
import { skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

const MEGABYTE = 1_000_000;

describe('the socket for pipes', () => {
  before(function () {
    if (process.platform !== 'linux') skipFor(this, 'there is no /proc to open pipes by');
  });
  const dir = useTempDir();
  const carriers: Duplex[] = [];
  const servers: net.Server[] = [];
  let holder: PipedProcess;

  const listen = async (name: string, offerMs?: number): Promise<void> => {
    const onCarrier = (carrier: Duplex): void => void carriers.push(carrier.on('error', () => undefined));
    const patience = offerMs === undefined ? {} : { offerMs };
    const listening = createPipesServer({ onCarrier, log: silentLogger, ...patience });
    servers.push(listening);
    await once(listening.listen(path.join(dir.path, name)), 'listening');
  };

  beforeEach(async () => {
    await listen(PIPES_SOCKET);
    holder = await startPipedProcess(['sleep', '1000']);
  });

  afterEach(() => {
    holder.kill();
    for (const carrier of carriers.splice(0)) carrier.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  const dial = (): net.Socket => net.connect({ path: path.join(dir.path, PIPES_SOCKET) });

  const inodeOf = (fd: number): bigint => statSync(`/proc/${holder.pid}/fd/${fd}`, { bigint: true }).ino;
  const offerOf = (wrong: Partial<PipeOffer> = {}): string =>
    formatOffer({ pid: holder.pid, input: inodeOf(0), output: inodeOf(1), ...wrong });

  /** A carrier over the holder's pipes, and the socket on which they were offered. */
  const take = async (): Promise<{ carrier: Duplex; attach: net.Socket }> => {
    const attach = dial();
    attach.write(offerOf());
    assert.equal(String(await new ByteReader(attach).read(TAKEN.length)), TAKEN);
    const carrier = await eventually(() => carriers[0] ?? assert.fail('no carrier'));
    return { carrier, attach };
  };

  describe('closes without an answer for', () => {
    const offers: { name: string; offer: () => string }[] = [
      { name: 'another inode for stdin', offer: () => offerOf({ input: inodeOf(0) + 1n }) },
      { name: 'another inode for stdout', offer: () => offerOf({ output: inodeOf(1) + 1n }) },
      { name: 'the number of another process', offer: () => offerOf({ pid: process.pid }) },
      { name: 'a process that is not there', offer: () => offerOf({ pid: 4_000_000_000 }) },
      { name: 'a path', offer: () => `../${offerOf()}` },
      { name: 'garbage', offer: () => `${randomBytes(30).toString('latin1')}\n` },
      { name: 'a line without an end', offer: () => '1'.repeat(200_000) },
    ];

    const assertRefused = async (offer: string): Promise<void> => {
      const attach = dial();
      attach.write(offer);
      const answer = await readAll(attach).catch(() => Buffer.alloc(0));

      assert.equal(String(answer), '');
      assert.equal(carriers.length, 0);
      await take();
    };

    for (const { name, offer } of offers) it(name, () => assertRefused(offer()));

    it('silence', async () => {
      await listen('impatient.sock', 100);
      const attach = net.connect({ path: path.join(dir.path, 'impatient.sock') });

      assert.equal(String(await readAll(attach)), '');
      assert.equal(carriers.length, 0);
    });

    it('what is no pipe', async () => {
      const { pid } = spawn('sleep', ['1000'], { stdio: 'ignore' });
      const { ino } = statSync('/dev/null', { bigint: true });

      await assertRefused(formatOffer({ pid: pid!, input: ino, output: ino })).finally(() =>
        process.kill(pid!),
      );
    });
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
