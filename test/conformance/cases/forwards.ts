import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { eventually } from '../../helpers/eventually';
import { connectTo, ForwardingSsh, freePort } from '../../helpers/forwards';
import { readAll, readOpen, sha256 } from '../../helpers/remoteProcess';
import { BURST } from '../../helpers/sandboxServers';
import { withoutWaits } from '../../helpers/waits';
import { define, type Case } from '../case';
import { assertOutcome, textOf } from '../commands';
import { ways, withWay, type Way } from '../ways';

const MIB = 1024 * 1024;
const SMALL = randomBytes(256 * 1024);
const MIDDLE = randomBytes(2 * MIB);
const LARGE = randomBytes(16 * MIB);
const [toPort] = ways as [Way];

const perWay = ways.flatMap((way): Case[] => [
  define({
    name: `${way.name} carries bytes both ways, unchanged`,
    run: (target) =>
      withWay(way, target, 'echo', async ({ connect }) => {
        const stream = await connect();
        stream.end(MIDDLE);
        return { received: sha256(await readAll(stream)) };
      }),
    check: ({ received }) => assert.equal(received, sha256(MIDDLE)),
  }),
  define({
    name: `${way.name} passes the end of input on: the server answers after it`,
    run: (target) =>
      withWay(way, target, 'digest', async ({ connect }) => {
        const stream = await connect();
        stream.end(SMALL);
        return { answer: String(await readAll(stream)) };
      }),
    check: ({ answer }) => assert.equal(answer, sha256(SMALL)),
  }),
  define({
    name: `${way.name} loses nothing of a server that sends and closes at once`,
    run: (target) =>
      withWay(way, target, 'burst', async ({ connect }) => {
        const stream = await connect();
        return { received: sha256(await readAll(stream)) };
      }),
    check: ({ received }) => assert.equal(received, sha256(BURST)),
  }),
]);

const halfClosedByServer = ways
  .filter((way) => way.outlivesOutput)
  .map((way) =>
    define({
      name: `${way.name} passes the end of output on: the server reads after it`,
      run: (target) =>
        withWay(way, target, 'parting', async ({ connect }) => {
          const stream = await connect();
          const received = sha256(await readOpen(stream));
          stream.end(SMALL);
          const { host, servers } = target;
          const report = await host.run('ssh', ['-W', `localhost:${servers.report.port}`, host.alias]);
          return { received, report: String(report.stdout) };
        }),
      check: (result) => assert.deepEqual(result, { received: sha256(BURST), report: sha256(SMALL) }),
    }),
  );

const refused = [
  { name: 'a port nobody listens on', target: '127.0.0.1:1', reason: /Connection refused/ },
  {
    name: 'a host that does not exist',
    target: 'no-such-host.invalid:80',
    reason: /Name or service not known|failure in name resolution/,
  },
];

export const forwardCases: readonly Case[] = [
  ...perWay,
  ...halfClosedByServer,
  define({
    name: 'a forward answers while the connection stays open',
    run: (target) =>
      withWay(toPort, target, 'echo', async ({ connect }) => {
        const stream = await connect();
        const answers: string[] = [];
        for (const word of ['one', 'two', 'three']) {
          stream.write(word);
          let answer = '';
          while (answer.length < word.length) {
            answer += await eventually(() => {
              const data = stream.read() as Buffer | null;
              assert.ok(data);
              return data.toString();
            });
          }
          answers.push(answer);
        }
        stream.destroy();
        return { answers };
      }),
    check: ({ answers }) => assert.deepEqual(answers, ['one', 'two', 'three']),
  }),
  define({
    name: 'a forward carries 16 MB there and back unchanged',
    run: (target) =>
      withWay(toPort, target, 'echo', async ({ connect }) => {
        const stream = await connect();
        stream.end(LARGE);
        return { received: sha256(await readAll(stream)) };
      }),
    check: ({ received }) => assert.equal(received, sha256(LARGE)),
  }),
  define({
    name: '50 connections at once through one ssh, which has nothing to say about it',
    run: async ({ host, servers }) => {
      const port = await freePort();
      const ssh = await ForwardingSsh.open(host, ['-L', `${port}:127.0.0.1:${servers.echo.port}`]);
      const sockets = await Promise.all(Array.from({ length: 50 }, () => connectTo(port)));
      const whole = await Promise.all(
        sockets.map(async (socket, index) => {
          const data = randomBytes(64 * 1024 + index);
          socket.end(data);
          return (await readAll(socket)).equals(data);
        }),
      );
      await ssh.close();
      return { whole, stderr: withoutWaits(ssh.stderr) };
    },
    check: (result) => assert.deepEqual(result, { whole: new Array(50).fill(true), stderr: '' }),
  }),
  ...refused.map(({ name, target: address, reason }) =>
    define({
      name: `a connection to ${name} fails to open, and says why`,
      run: async ({ host }) => textOf(host, await host.run('ssh', ['-W', address, host.alias])),
      check: (outcome) => {
        assertOutcome(outcome, { code: 255, stderr: /open failed/ });
        assert.match(outcome.stderr, reason);
      },
      differs: { what: 'stderr', why: "the reason is in the words of the sandbox's relay program" },
    }),
  ),
  define({
    name: 'a connection to a Unix socket that does not exist fails to open',
    run: async ({ host }) => {
      const port = await freePort();
      const ssh = await ForwardingSsh.open(host, ['-L', `${port}:/tmp/no-such.sock`]);
      const socket = await connectTo(port);
      const received = (await readAll(socket)).length;
      await eventually(() => assert.match(ssh.stderr, /open failed/));
      await ssh.close();
      return { received };
    },
    check: ({ received }) => assert.equal(received, 0),
  }),
];
