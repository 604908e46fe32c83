import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { boxliteClient, type BoxliteClient } from '../../helpers/boxliteClient';
import { LocalCloudServer } from '../../helpers/localCloud';
import { skipFor } from '../../helpers/require';

/** The system that the client's native part is in the registry for. */
const PUBLISHED_FOR = 'linux-x64';

describe('Published BoxLite client with the local cloud', function () {
  this.timeout(120_000);
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-client-'));
  let server: LocalCloudServer;
  let client: BoxliteClient;

  before(async function () {
    if (PUBLISHED_FOR !== `${process.platform}-${process.arch}`)
      skipFor(this, 'the client is not published for it');
    server = await LocalCloudServer.start({
      stateDir: path.join(dir, 'state'),
      args: ['--runtime', 'process'],
    });
    client = await boxliteClient(server.api.url, server.api.token);
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('creates, lists, stops, starts and removes a box', async () => {
    const box = await client.create({}, 'from the client');

    const listed = (await client.listInfo()).find(({ id }) => id === box.id);
    assert.deepEqual([listed?.name, listed?.state.status], ['from the client', 'configured']);
    await box.start();
    assert.equal((await client.getInfo(box.id))?.state.running, true);
    await assert.rejects(client.remove(box.id, false), /running/);
    await box.stop();
    assert.equal((await client.getInfo('from the client'))?.state.running, false);
    await client.remove(box.id, false);
    assert.equal(await client.getInfo(box.id), null);
  });

  it('runs a command with input, environment, both outputs and an exit code', async () => {
    const box = await client.create({ image: 'alpine:latest' });
    const script = 'echo "hello $WHO"; echo oops >&2; cat; exit 5';
    const execution = await box.exec('sh', ['-c', script], [['WHO', 'you']]);
    const stdin = await execution.stdin();
    await stdin.writeString('input\n');
    await stdin.close();

    assert.equal(await readAll(await execution.stdout()), 'hello you\ninput\n');
    assert.equal(await readAll(await execution.stderr()), 'oops\n');
    assert.equal((await execution.wait()).exitCode, 5);
  });

  it('sends a signal', async () => {
    const execution = await (await client.create({})).exec('sleep', ['60']);

    await execution.signal(15);

    assert.equal((await execution.wait()).exitCode, -15);
  });

  it('resizes a terminal', async () => {
    const script = 'while [ "$(stty size)" != "44 111" ]; do sleep 0.05; done; echo resized';
    const execution = await (await client.create({})).exec('sh', ['-c', script], null, true);

    await execution.resizeTty(44, 111);

    assert.equal(await readAll(await execution.stdout()), 'resized\r\n');
  });

  it('copies files in and out', async () => {
    const box = await client.create({});
    await box.start();
    const bytes = Buffer.from([0, 255, 10, 128]);
    mkdirSync(path.join(dir, 'up'));
    writeFileSync(path.join(dir, 'up', 'file'), bytes);

    await box.copyIn(path.join(dir, 'up'), 'copied');
    await box.copyOut('copied', path.join(dir, 'down'));

    assert.deepEqual(readFileSync(path.join(dir, 'down', 'copied', 'file')), bytes);
  });
});

async function readAll(output: { next(): Promise<string | null> }): Promise<string> {
  let all = '';
  for (let part = await output.next(); part !== null; part = await output.next()) all += part;
  return all;
}
