import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { probeServer } from '../../../src/localCloud/record';

/** For a server that answers; a silent one need not be waited for. */
const PATIENCE_MS = 10_000;
const SILENCE_MS = 100;

describe('probeServer', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  const listen = async (server: Server): Promise<string> => {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const answering = (status: number): Promise<string> =>
    listen(createServer((_: IncomingMessage, response: ServerResponse) => response.writeHead(status).end()));
  const probe = (url: string, pid: number, answerMs = PATIENCE_MS, signal?: AbortSignal) =>
    probeServer({ url, pid, tokenFile: '/none', runtime: 'process' }, 'token', signal, answerMs);

  const answers = [
    { status: 200, state: 'alive' },
    { status: 503, state: 'ending' },
    { status: 401, state: 'dead' },
    { status: 302, state: 'dead' },
  ] as const;
  for (const { status, state } of answers) {
    it(`takes a server that answers with ${status} for ${state}`, async () => {
      assert.equal(await probe(await answering(status), process.pid), state);
    });
  }

  it('sends nothing to another program that has the port of a server which is gone', async () => {
    let asked = 0;
    const server = createServer((_: IncomingMessage, response: ServerResponse) => {
      asked++;
      response.end();
    });

    assert.equal(await probe(await listen(server), endedPid()), 'dead');
    assert.equal(asked, 0);
  });

  it('takes a silent server for busy as long as its process is there', async () => {
    const url = await listen(createTcpServer((socket) => socket.unref()));

    assert.equal(await probe(url, process.pid, SILENCE_MS), 'busy');
    assert.equal(await probe(url, endedPid(), SILENCE_MS), 'dead');
  });

  const gone = [
    {
      how: 'resets the connection',
      act: (): Server => createTcpServer((socket) => socket.resetAndDestroy()),
    },
    {
      how: 'speaks another protocol',
      act: (): Server => createTcpServer((socket) => socket.end('220 mail\r\n')),
    },
  ];
  for (const { how, act } of gone) {
    it(`takes what ${how} for dead, whoever has the process id now`, async () => {
      assert.equal(await probe(await listen(act()), process.pid), 'dead');
    });
  }

  it('takes a port where nothing listens for dead, whoever has the process id now', async () => {
    const url = await answering(200);
    const [server] = servers.splice(0);
    server?.close();
    await once(server!, 'close');

    assert.equal(await probe(url, process.pid), 'dead');
  });

  it('passes on why its caller gave up', async () => {
    const url = await listen(createTcpServer((socket) => socket.unref()));

    await assert.rejects(probe(url, process.pid, PATIENCE_MS, AbortSignal.timeout(10)), {
      name: 'TimeoutError',
    });
  });
});

/** The number of a process that was, and is no more. */
function endedPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}
