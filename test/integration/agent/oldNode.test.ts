import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as path from 'node:path';
import { TestAgent } from '../../helpers/agent';
import { installOldNode, oldNodeObstacle } from '../../helpers/oldNode';
import { collect, readAll, sha256, sha256Of } from '../../helpers/remoteProcess';
import { freePort } from '../../helpers/forwards';
import { skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

describe('an agent under the oldest Node that it is for', () => {
  const dir = useTempDir();
  let node: string;

  before(async function () {
    this.timeout(6 * 60_000);
    const obstacle = oldNodeObstacle();
    if (obstacle !== undefined) skipFor(this, obstacle);
    node = await installOldNode();
  });

  it('runs programs, terminals, connections and files', async () => {
    const args = ['--port', String(await freePort())];
    const agent = await TestAgent.start(path.join(dir.path, 'agent'), { node, args });
    const { client } = await agent.connect();
    const data = randomBytes(20_000_000);

    const plain = await client.exec({ argv: ['sh', '-c', 'cat; exit 7'], env: {} });
    plain.stdin.end(data);
    assert.equal(await sha256Of(plain.stdout), sha256(data));
    assert.deepEqual(await plain.exited, { code: 7 });

    const terminal = { columns: 91, rows: 17 };
    const size = await collect(await client.exec({ argv: ['stty', 'size'], env: {}, terminal }));
    assert.equal(size.stdout, '17 91\r\n');

    const listener = await client.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, ({ stream }) =>
      stream.end('hello'),
    );
    const dialled = await client.dial({ kind: 'tcp', host: 'localhost', port: listener.port });
    assert.equal(String(await readAll(dialled)), 'hello');

    const files = await client.sftp();
    files.stdin.write(Buffer.from('000000050100000003', 'hex'));
    assert.equal((await files.stdout[Symbol.asyncIterator]().next()).done, false);
    files.kill();

    assert.equal((await agent.record()).ports.length, 1);
    await agent.end();
  });
});
