import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { operations } from '../../../src/agentProtocol/operations';
import type { AgentClient } from '../../../src/ssh/backends/agent/agentClient';
import { TestAgent, type AgentConnection } from '../../helpers/agent';
import { eventually } from '../../helpers/eventually';
import { isRunning } from '../../helpers/processes';
import { collect } from '../../helpers/remoteProcess';
import { useTempDir } from '../../helpers/tempDir';

describe('an agent with many channels', () => {
  const dir = useTempDir();
  const peers = new Set<net.Socket>();
  const server = net.createServer((peer) => {
    peers.add(peer.on('error', () => undefined).resume());
    peer.once('close', () => peers.delete(peer));
  });
  let agent: TestAgent;
  let connection: AgentConnection;
  let client: AgentClient;

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  beforeEach(async () => {
    agent = await TestAgent.start(path.join(dir.path, 'agent'));
    connection = await agent.connect();
    client = connection.client;
  });
  afterEach(() => agent.end());

  const dial = (): Promise<Duplex> => {
    const { port } = server.address() as net.AddressInfo;
    return client.dial({ kind: 'tcp', host: '127.0.0.1', port });
  };
  const dialMany = (count: number): Promise<Duplex[]> => Promise.all(Array.from({ length: count }, dial));

  const assertServes = async (): Promise<void> => {
    const { stdout } = await collect(await client.exec({ argv: ['echo', 'on'], env: {} }));
    assert.equal(stdout, 'on\n');
  };

  it('goes on after thousands of connections that were broken off', async () => {
    for (let round = 0; round < 15; round++) {
      for (const stream of await dialMany(100)) stream.destroy();
    }

    await assertServes();
    await eventually(() => assert.equal(peers.size, 0));
  });

  it('hangs up a program whose channel is abandoned', async () => {
    const argv = ['sh', '-c', 'echo $$; sleep 1000'];
    const { channel } = await connection.session.open(operations.exec, { channel: 'a', argv, env: {} });
    const [line] = (await once(channel, 'data')) as [Buffer];

    channel.destroy();

    await eventually(() => assert.equal(isRunning(Number(String(line))), false));
  });

  it('refuses a thousand and one, and serves those that there are', async () => {
    const streams = await dialMany(1000);

    await assert.rejects(dial(), { code: 'unavailable', message: /1000 channels already/ });

    for (const stream of streams) stream.destroy();
    await eventually(assertServes);
  });
});
