import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { assertRefused, BoxApi } from '../../helpers/boxApi';
import { LocalCloudServer } from '../../helpers/localCloud';

describe('Executions in the Box API of the local cloud', () => {
  const stateDir = mkdtempSync(path.join(os.tmpdir(), 'sbx-executions-'));
  let server: LocalCloudServer;
  let api: BoxApi;
  let box: string;

  before(async () => {
    server = await LocalCloudServer.start({ stateDir, args: ['--runtime', 'process'] });
    api = server.api;
    box = await api.create();
  });
  after(async () => {
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('are refused in a stopped box that does not resume by itself', async () => {
    const id = await api.create({ auto_resume: false });
    await api.call('POST', `/boxes/${id}/start`);
    await api.call('POST', `/boxes/${id}/stop`);

    assertRefused(await api.call('POST', `/boxes/${id}/exec`, { command: 'true' }), 409, 'stopped');
  });

  it('tell how they ended', async () => {
    const execution = await api.start(box, ['sh', '-c', 'exit 3']);
    await api.attach(execution).ended();

    const { body } = await api.call('GET', execution);
    assert.deepEqual([body.status, body.exit_code], ['completed', 3]);
  });

  it('take the signals of the API and no other', async () => {
    const execution = await api.start(box, ['sleep', '60']);
    assertRefused(await api.call('POST', `${execution}/signal`, { signal: 9 }), 400, 'invalid_argument');
    assertRefused(await api.call('POST', `${execution}/signal`, { signal: 19 }), 400, 'invalid_argument');

    assert.equal((await api.call('POST', `${execution}/signal`, { signal: 15 })).status, 204);

    assert.equal((await api.attach(execution).ended()).exitCode, -15);
    assertRefused(await api.call('POST', `${execution}/signal`, { signal: 15 }), 409, 'invalid_state');
  });

  it('are killed and forgotten by DELETE, and their client is told', async () => {
    const execution = await api.start(box, ['sleep', '60']);
    const attached = api.attach(execution);
    await attached.opened;

    assert.equal((await api.call('DELETE', execution)).status, 204);

    const { exitCode, closeCode } = await attached.ended();
    assert.deepEqual([exitCode, closeCode], [-9, 1000]);
    assertRefused(await api.call('GET', execution), 404, 'not_found');
  });

  it('end at their time limit', async () => {
    const { body } = await api.call('POST', `/boxes/${box}/exec`, {
      command: 'sleep',
      args: ['60'],
      timeout_seconds: 0.1,
    });
    const execution = `/boxes/${box}/executions/${body.execution_id}`;

    assert.equal((await api.attach(execution).ended()).exitCode, -9);
    assert.equal((await api.call('GET', execution)).body.status, 'timed_out');
  });

  it('without a terminal have no size', async () => {
    const execution = await api.start(box, ['cat']);

    assertRefused(
      await api.call('POST', `${execution}/resize`, { cols: 80, rows: 24 }),
      409,
      'invalid_state',
    );
    assertRefused(
      await api.call('POST', `${execution}/resize`, { cols: 0, rows: 24 }),
      400,
      'invalid_argument',
    );
    await api.call('DELETE', execution);
  });

  it('have one client at a time', async () => {
    const execution = await api.start(box, ['cat']);
    const first = api.attach(execution);
    await first.opened;

    assert.equal(await attachStatus(api, execution), 409);

    first.ws.terminate();
    await api.call('DELETE', execution);
  });

  it('answer an unknown one, a stranger and a web page without a WebSocket', async () => {
    const execution = await api.start(box, ['cat']);

    assert.equal(await attachStatus(api, `/boxes/${box}/executions/none`), 404);
    assert.equal(await attachStatus(new BoxApi(api.url, 'wrong'), execution), 401);
    assert.equal(await attachStatus(api, execution, { origin: 'http://127.0.0.1' }), 403);
    await api.call('DELETE', execution);
  });

  it('go on while nobody is attached', async () => {
    const execution = await api.start(box, ['cat']);
    const first = api.attach(execution);
    await first.opened;
    first.write(Buffer.from('one'));
    await first.until('one');
    first.ws.terminate();
    await first.ended();

    const second = api.attach(execution);
    await second.opened;
    second.write(Buffer.from('two'));
    second.control({ type: 'stdin_eof' });

    assert.equal((await second.ended()).stdout.toString(), 'two');
  });

  it('refuse what an observer sends', async () => {
    const execution = await api.start(box, ['cat']);
    const observer = api.attach(execution, '?stdin=false');
    await observer.opened;
    observer.write(Buffer.from('x'));

    assert.equal((await observer.ended()).closeCode, 1008);
    await api.call('DELETE', execution);
  });

  it('warn about a control message that makes no sense and stay open', async () => {
    const attached = api.attach(await api.start(box, ['cat']));
    await attached.opened;
    attached.ws.send('not json');
    attached.control({ type: 'dance' });
    attached.control({ type: 'signal', sig: 9 });
    attached.control({ type: 'resize', cols: 80, rows: 24 });
    attached.control({ type: 'stdin_eof' });

    const { exitCode } = await attached.ended();

    assert.equal(exitCode, 0);
    assert.deepEqual(
      attached.texts.map(({ type }) => type),
      ['error', 'error', 'error', 'error', 'exit'],
    );
  });
});

/** Status of a refused upgrade, whose body must be an error of the API. */
function attachStatus(
  api: BoxApi,
  execution: string,
  headers: Record<string, string> = {},
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${api.url}/v1${execution}/attach`, {
      headers: {
        authorization: `Bearer ${api.token}`,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    })
      .on('response', (response) => {
        response.setEncoding('utf8').once('data', (body: string) => {
          const { error } = JSON.parse(body) as { error?: { code?: string } };
          if (error?.code) resolve(response.statusCode);
          else reject(new Error(`not an error of the API: ${body}`));
        });
      })
      .on('upgrade', () => reject(new Error('upgraded')))
      .on('error', reject)
      .end();
  });
}
