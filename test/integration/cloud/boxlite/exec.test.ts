import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { delay } from '../../../../src/base/async';
import { silentLogger } from '../../../../src/base/logger';
import { boxliteProvider } from '../../../../src/cloud/boxlite/provider';
import type { CloudClient, ExecRequest, RemoteProcess } from '../../../../src/cloud/provider';
import type { BoxliteQuirks } from '../../../clouds/boxlite/options';
import { BoxliteStandIn } from '../../../clouds/boxlite/server';
import { eventually } from '../../../helpers/eventually';
import { collect, readAll, sha256, sha256Of } from '../../../helpers/remoteProcess';

const TOKEN = 'blk_test_secret';
const MEBIBYTE = 1024 * 1024;

describe('exec in a BoxLite box', () => {
  let cloud: BoxliteStandIn;
  let client: CloudClient;
  let boxId: string;

  async function serve(quirks: BoxliteQuirks = {}): Promise<void> {
    cloud = await new BoxliteStandIn({ token: TOKEN, ...quirks }).start();
    client = boxliteProvider.connect({ provider: 'boxlite', baseUrl: cloud.url, token: TOKEN }, silentLogger);
    boxId = cloud.addBox().box_id;
  }

  function sh(script: string, request: Partial<ExecRequest> = {}): Promise<RemoteProcess> {
    return client.transport(boxId).exec({ argv: ['sh', '-c', script], ...request });
  }

  afterEach(async () => {
    client.dispose();
    await cloud.stop();
  });

  it('gives both outputs and the exit code', async () => {
    await serve();

    const result = await collect(await sh('echo out; echo err >&2; exit 3'));

    assert.deepEqual(result, { stdout: 'out\n', stderr: 'err\n', status: { code: 3 } });
  });

  it('passes arguments, environment and folder without a shell in between', async () => {
    await serve();

    const process = await client.transport(boxId).exec({
      argv: ['sh', '-c', 'printf "%s|" "$@" "$VAR" "$PWD"', 'sh', '$(id)', 'a b', "'"],
      env: { VAR: 'x"y' },
      workingDirectory: '/usr',
    });

    assert.equal((await collect(process)).stdout, `$(id)|a b|'|x"y|/usr|`);
  });

  it('ends the input without ending the output', async () => {
    await serve();

    const result = await collect(await sh('cat; echo done'), 'input ');

    assert.equal(result.stdout, 'input done\n');
  });

  it('carries 16 MiB of bytes each way', async () => {
    await serve({ binaryOutput: true });
    const data = randomBytes(16 * MEBIBYTE);
    const process = await sh('cat');

    process.stdin.end(data);

    assert.equal(await sha256Of(process.stdout), sha256(data));
    assert.deepEqual(await process.exited, { code: 0 });
  });

  it('holds the command while nobody reads', async () => {
    await serve({ binaryOutput: true });
    const process = await sh('head -c 67108864 /dev/zero; echo finished >&2');
    process.stderr.resume();
    await once(process.stdout, 'readable');
    await eventually(() => assert.ok(process.stdout.readableLength >= process.stdout.readableHighWaterMark));

    assert.ok(process.stdout.readableLength < 4 * MEBIBYTE);
    assert.equal(cloud.execution.exitCode, undefined);

    assert.equal((await readAll(process.stdout)).length, 64 * MEBIBYTE);
  });

  it('holds the writer while the command does not read', async () => {
    await serve();
    const process = await sh('trap "wc -c; exit" USR1; echo ready; while :; do sleep 0.02; done');
    await once(process.stdout, 'readable');

    const accepted = await writeUntilHeld(process, Buffer.alloc(MEBIBYTE), 64);
    assert.ok(accepted < 32, `${accepted} MiB were taken`);

    process.signal('USR1');
    const { stdout } = await collect(process);
    assert.equal(stdout.trim(), `ready\n${(accepted + 1) * MEBIBYTE}`);
  });

  it('resolves when nobody looks at the outputs', async () => {
    await serve();

    const process = await sh('exit 4');

    assert.deepEqual(await process.exited, { code: 4 });
  });

  it('says what signal ended the command', async () => {
    await serve();

    assert.deepEqual((await collect(await sh('kill -TERM $$'))).status, { signal: 'TERM' });
  });

  for (const hasSignalCall of [true, false]) {
    it(`sends signals to a server ${hasSignalCall ? 'with' : 'without'} a call for it`, async () => {
      await serve({ hasSignalCall });
      const process = await sh('trap "echo got it; exit 5" INT; echo ready; while :; do sleep 0.05; done');
      await once(process.stdout, 'readable');

      process.signal('INT');

      assert.equal((await readAll(process.stdout)).toString(), 'ready\ngot it\n');
      assert.deepEqual(await process.exited, { code: 5 });
    });
  }

  it('ends the command for SIGKILL, which the API refuses as a signal', async () => {
    await serve();
    const process = await sh('sleep 100');
    process.stdout.resume();

    process.signal('KILL');

    assert.deepEqual(await process.exited, { signal: 'KILL' });
  });

  it('goes on after a warning of the server', async () => {
    await serve({ hasSignalCall: false });
    const process = await sh('read -r line; echo "$line"');

    process.signal('ALRM');

    assert.equal((await collect(process, 'still here\n')).stdout, 'still here\n');
  });

  it('sends the size of a terminal at once, and each later one', async () => {
    await serve();
    const process = await sh('cat', { terminal: { columns: 120, rows: 40 } });

    process.resize({ columns: 0, rows: 0 });
    process.resize({ columns: 80, rows: 24 });
    await collect(process);

    const sizes = cloud.execution.controls.filter((control) => control['type'] === 'resize');
    assert.deepEqual(sizes, [
      { type: 'resize', cols: 120, rows: 40 },
      { type: 'resize', cols: 80, rows: 24 },
    ]);
  });

  it('has the cloud kill the command, once, and says so when it has', async () => {
    await serve();
    const process = await sh('sleep 100 & echo started; wait');
    await once(process.stdout, 'readable');
    process.stdin.destroy();

    process.kill();
    process.kill();

    assert.deepEqual(await process.exited, { signal: 'KILL' });
    assert.ok(cloud.execution.wasKilled);
    assert.equal(cloud.requests.filter((request) => request.startsWith('DELETE ')).length, 1);
  });

  it('asks how it ended when the socket closes without saying so', async () => {
    await serve({ drainMs: 50 });

    // The sleep holds the output after its parent ended.
    const process = await sh('sleep 2 & exit 6');
    process.stdout.resume();
    process.stderr.resume();

    assert.deepEqual(await process.exited, { code: 6 });
  });

  it('fails when the connection drops, rather than pass off half an output as all of it', async () => {
    await serve();
    const process = await sh('echo half; sleep 100');
    await once(process.stdout, 'readable');

    cloud.execution.drop();

    await assert.rejects(process.exited, { code: 'unreachable' });
    await eventually(() => assert.ok(cloud.execution.wasKilled));
  });

  const hostileFrames: { name: string; frame: Buffer | string; code: string }[] = [
    { name: 'a tag that is neither output', frame: Buffer.of(9, 1), code: 'protocol' },
    { name: 'an empty binary frame', frame: Buffer.alloc(0), code: 'protocol' },
    { name: 'an exit code that is text', frame: '{"type":"exit","exit_code":"0"}', code: 'protocol' },
    { name: 'an exit code out of range', frame: '{"type":"exit","exit_code":-4096}', code: 'protocol' },
    { name: 'a frame beyond the limit', frame: Buffer.alloc(5 * MEBIBYTE, 1), code: 'unreachable' },
  ];
  for (const { name, frame, code } of hostileFrames) {
    it(`fails cleanly on ${name}`, async () => {
      await serve();
      const process = await sh('sleep 100');

      cloud.execution.inject(frame);

      await assert.rejects(process.exited, { code });
    });
  }

  for (const frame of ['not json', '[]', 'null', '{"type":"news"}', '{"type":7}']) {
    it(`ignores the control message ${frame}`, async () => {
      await serve();
      const process = await sh('cat');

      cloud.execution.inject(frame);

      assert.equal((await collect(process, 'alive')).stdout, 'alive');
    });
  }

  it('shows that output is mangled unless the server says it is not', async () => {
    await serve();
    const plain = await client.transport(boxId).capabilities();
    const mangled = await readAll((await sh("printf '\\377'")).stdout);

    assert.deepEqual(plain, { binaryOutput: 'unknown' });
    assert.deepEqual(mangled, Buffer.from('\ufffd'));
  });

  it('trusts a server that declares binary output', async () => {
    await serve({ binaryOutput: true });

    assert.deepEqual(await client.transport(boxId).capabilities(), { binaryOutput: 'yes' });
  });

  it('measures the round trip', async () => {
    await serve();
    const transport = client.transport(boxId);
    assert.equal(transport.roundTripMs(), undefined);
    const process = await transport.exec({ argv: ['cat'] });

    await eventually(() => assert.ok((transport.roundTripMs() ?? -1) >= 0));

    await collect(process);
  });

  it('needs two requests for a command once the account is known', async () => {
    await serve();
    await collect(await sh('true'));
    cloud.requests.length = 0;

    await collect(await sh('true'));

    assert.deepEqual(
      cloud.requests.map((request) => request.replace(/[0-9a-f-]{36}/g, 'ID')),
      ['POST /v1/boxes/ID/exec', 'UPGRADE /v1/boxes/ID/executions/ID/attach'],
    );
  });

  it('asks for nothing when the caller has given up before', async () => {
    await serve();

    const starting = client.transport(boxId).exec({ argv: ['sh'] }, AbortSignal.abort(new Error('enough')));

    await assert.rejects(starting, { message: 'enough' });
    assert.deepEqual(cloud.requests, []);
  });

  const refusals = [
    { status: 404, code: 'not-found' },
    { status: 409, code: 'conflict' },
    { status: 410, code: 'not-found' },
    { status: 503, code: 'unreachable' },
  ] as const;
  for (const { status, code } of refusals) {
    it(`reports an attachment refused with ${status} as ${code} and kills the command`, async () => {
      await serve({ refuseAttach: status });

      await assert.rejects(sh('sleep 100'), { code, message: /no attachment today/ });

      await eventually(() => assert.ok(cloud.execution.wasKilled));
    });
  }

  it('closes the socket of a caller who gives up while it is attached', async () => {
    await serve({ refuseAttach: 'never' });
    const giveUp = new AbortController();
    const starting = client.transport(boxId).exec({ argv: ['sleep', '100'] }, giveUp.signal);
    await eventually(() => assert.equal(cloud.waitingSockets.length, 1));

    giveUp.abort(new Error('enough'));

    await assert.rejects(starting, { message: 'enough' });
    await eventually(() => assert.ok(cloud.waitingSockets[0]?.destroyed));
    await eventually(() => assert.ok(cloud.execution.wasKilled));
  });

  it('destroys a command whose caller gave up while it was being started', async () => {
    const giveUp = new AbortController();
    await serve({
      intercept: (request) => {
        if (request.method === 'POST') giveUp.abort(new Error('enough'));
        return false;
      },
    });

    const starting = client.transport(boxId).exec({ argv: ['sleep', '100'] }, giveUp.signal);

    await assert.rejects(starting, { message: 'enough' });
    await eventually(() => assert.ok(cloud.execution.wasKilled));
  });
});

/** Writes until a write is not taken within 300 ms, which is one more than the number it returns. */
async function writeUntilHeld(process: RemoteProcess, chunk: Buffer, limit: number): Promise<number> {
  for (let accepted = 0; accepted < limit; accepted++) {
    const taken = new Promise((resolve) => process.stdin.write(chunk, () => resolve(true)));
    const isTaken = await Promise.race([taken, delay(300, undefined)]);
    if (isTaken !== true) return accepted;
  }
  return limit;
}
