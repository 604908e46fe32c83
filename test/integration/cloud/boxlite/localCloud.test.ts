import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { silentLogger } from '../../../../src/base/logger';
import { listAll } from '../../../../src/cloud/listAll';
import type { CloudClient, ExecRequest, RemoteProcess, Sandbox } from '../../../../src/cloud/provider';
import { providerOf } from '../../../../src/cloud/registry';
import { eventually } from '../../../helpers/eventually';
import { LocalCloudServer } from '../../../helpers/localCloud';
import { collect, readAll, sha256, sha256Of } from '../../../helpers/remoteProcess';
import { useTempDir } from '../../../helpers/tempDir';

const MEBIBYTE = 1024 * 1024;

describe('the local cloud through its provider', () => {
  const dir = useTempDir();
  let server: LocalCloudServer;
  let client: CloudClient;

  beforeEach(async () => {
    server = await LocalCloudServer.start({ stateDir: dir.path, args: ['--runtime', 'process'] });
    client = connect(readFileSync(server.ready.tokenFile, 'utf8').trim());
  });

  afterEach(async () => {
    client.dispose();
    await server.stop();
  });

  function connect(token: string): CloudClient {
    const endpoint = { provider: 'boxlite', baseUrl: server.ready.url, token };
    return providerOf('boxlite').connect(endpoint, silentLogger);
  }

  async function sh(script: string, request: Partial<ExecRequest> = {}): Promise<RemoteProcess> {
    const sandbox = await client.create({});
    return client.transport(sandbox.id).exec({ argv: ['sh', '-c', script], ...request });
  }

  it('creates, starts, stops and deletes a sandbox, and says that it is not isolated', async () => {
    const created = await client.create({ name: 'dev' });
    assert.match(created.notice ?? '', /not isolated/);

    const states: Sandbox[] = [await client.start(created.id), await client.stop(created.id)];
    await client.delete(created.id);

    assert.deepEqual(
      [created, ...states].map(({ status }) => status),
      ['stopped', 'running', 'stopped'],
    );
    assert.deepEqual(await listAll(client), []);
    await assert.rejects(client.get(created.id), { code: 'not-found' });
  });

  it('can be asked for what it declares, and takes it', async () => {
    const fields = await client.createFields();
    assert.deepEqual(
      fields.map(({ key, default: value }) => [key, value]),
      [
        ['name', undefined],
        ['idleStopSeconds', 900],
      ],
    );

    const { id } = await client.create({ name: 'dev', idleStopSeconds: 3600 });
    const { stopsAt } = await client.start(id);

    const minutesLeft = ((stopsAt?.getTime() ?? 0) - Date.now()) / 60_000;
    assert.ok(minutesLeft > 15 && minutesLeft <= 60, String(minutesLeft));
  });

  it('refuses a wrong token', async () => {
    const stranger = connect('wrong');

    await assert.rejects(stranger.whoAmI(), { code: 'unauthenticated' });
    stranger.dispose();
  });

  it('keeps hostile names as they are', async () => {
    const names = ['a"b\'c', '$(touch x)', '100%', '🚀 line\nbreak', 'n'.repeat(300)];

    for (const name of names) await client.create({ name });

    const listed = await listAll(client);
    assert.deepEqual(listed.map(({ name }) => name).sort(), [...names].sort());
  });

  it('carries 16 MiB of bytes each way and declares that it does', async () => {
    const data = randomBytes(16 * MEBIBYTE);
    const process = await sh('cat');

    process.stdin.end(data);

    assert.equal(await sha256Of(process.stdout), sha256(data));
    assert.deepEqual(await process.exited, { code: 0 });
    assert.deepEqual(await client.transport('any').capabilities(), { binaryOutput: 'yes' });
  });

  it('keeps outputs apart and passes the exit code on after the end of input', async () => {
    const result = await collect(await sh('cat; echo err >&2; exit 9'), 'in');

    assert.deepEqual(result, { stdout: 'in', stderr: 'err\n', status: { code: 9 } });
  });

  it('gives a terminal the size that was asked for, and later ones', async () => {
    const script = 'stty -echo; read -r line; stty size; read -r line; stty size';
    const process = await sh(script, { terminal: { columns: 91, rows: 33 }, env: { TERM: 'xterm' } });
    let output = '';
    process.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    process.stderr.resume();
    process.stdin.write('\n');
    await eventually(() => assert.match(output, /33 91/));

    process.resize({ columns: 120, rows: 40 });
    process.stdin.write('\n');

    await process.exited;
    assert.match(output, /40 120/);
  });

  it('kills a command with its children', async () => {
    const process = await sh('sleep 1000 & echo $!; wait');
    const [line] = (await once(process.stdout, 'data')) as [Buffer];
    const child = Number(line.toString('utf8'));

    process.kill();

    assert.deepEqual(await process.exited, { signal: 'KILL' });
    await eventually(() => assert.equal(isRunning(child), false));
  });

  it('fails a command whose sandbox is deleted under it', async () => {
    const sandbox = await client.create({});
    const process = await client.transport(sandbox.id).exec({ argv: ['sleep', '1000'] });
    process.stdout.resume();
    process.stderr.resume();

    await client.delete(sandbox.id);

    // Deleting kills it first, so either is true: killed, or lost with its sandbox.
    const outcome = await process.exited.catch((error: unknown) => error);
    assert.ok(outcome instanceof Error || 'signal' in (outcome as object), String(outcome));
  });

  it('fails a command and later calls when the server is gone', async () => {
    // It ends with its input, so a server that dies without a word leaves nothing behind.
    const process = await sh('cat');
    const outputs = Promise.allSettled([readAll(process.stdout), readAll(process.stderr)]);

    await server.stop('SIGKILL');

    await assert.rejects(process.exited, { code: 'unreachable' });
    await assert.rejects(client.listPage(), { code: 'unreachable', message: /is it running/ });
    await outputs;
  });
});

/** Whether a process is there and not a zombie, which has ended already. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
