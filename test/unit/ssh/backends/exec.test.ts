import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { silentLogger } from '../../../../src/base/logger';
import { CloudError } from '../../../../src/cloud/errors';
import type { RemoteProcess, Transport } from '../../../../src/cloud/provider';
import { ExecBackend } from '../../../../src/ssh/backends/exec';
import { CONNECTED } from '../../../../src/ssh/backends/relays';
import { FakeCloud } from '../../../helpers/fakeCloud';
import { createTestProcess, type TestProcess } from '../../../helpers/remoteProcess';

const never = new AbortController().signal;
const target = { kind: 'tcp', host: 'localhost', port: 80 } as const;

/** A cloud whose sandbox runs what the test ends. */
class TestCloud extends FakeCloud {
  readonly started: TestProcess[] = [];

  constructor() {
    super({ id: 'box', name: 'box', status: 'running' });
  }

  override transport(): Transport {
    return {
      capabilities: () => Promise.resolve({ binaryOutput: 'yes' }),
      exec: () => {
        const started = createTestProcess();
        this.started.push(started);
        return Promise.resolve(started.process);
      },
      roundTripMs: () => undefined,
    };
  }
}

describe('ExecBackend, whose every exec starts a stopped sandbox', () => {
  let cloud: TestCloud;
  let backend: ExecBackend;
  beforeEach(async () => {
    cloud = new TestCloud();
    backend = new ExecBackend({
      client: cloud,
      sandbox: { id: 'box', name: 'box' },
      mayStart: false,
      onProgress: () => undefined,
      log: silentLogger,
      facts: { shell: 'sh', home: '/', tools: new Set(['perl']), binaryOutput: true },
    });
    await backend.ready(never);
  });

  const run = (): Promise<RemoteProcess> => backend.exec('true', { env: {} }, never);
  const end = async (process: TestProcess | undefined): Promise<void> => {
    process?.stdout.end();
    process?.exited.resolve({ code: 0 });
    await setImmediate();
  };

  it('asks for its state when nothing runs in it any more', async () => {
    await run();
    await end(cloud.started[0]);
    await cloud.stop('box');

    await assert.rejects(run(), { code: 'stopped' });
  });

  it('does not ask while something runs in it', async () => {
    await run();
    await run();
    await end(cloud.started[0]);

    await run();

    assert.deepEqual(cloud.calls, []);
  });

  const doubtful: { name: string; happens: (process: TestProcess) => void }[] = [
    { name: 'was killed', happens: ({ exited }) => exited.resolve({ signal: 'KILL' }) },
    {
      name: 'is lost',
      happens: ({ exited }) => exited.reject(new CloudError('unreachable', 'The connection was lost')),
    },
  ];
  for (const { name, happens } of doubtful) {
    it(`asks once something in it ${name}, though something else seems to run`, async () => {
      await run();
      await run();
      await cloud.stop('box');
      happens(cloud.started[0]!);
      await setImmediate();

      await assert.rejects(run(), { code: 'stopped' });
    });
  }

  it('does not ask after what it has killed itself', async () => {
    const process = await run();
    await run();
    process.kill();
    cloud.started[0]!.exited.resolve({ signal: 'KILL' });
    await setImmediate();

    await run();

    assert.deepEqual(cloud.calls, []);
  });

  it('starts relays ahead while a forward is open', async () => {
    const dialled = backend.dial(target, never);
    await setImmediate();
    cloud.started[0]!.stdout.write(Buffer.of(CONNECTED));

    await dialled;
    await setImmediate();

    assert.equal(cloud.started.length, 3);
  });

  it('starts none ahead where nothing runs: it may be stopped before they start', async () => {
    const refused = assert.rejects(backend.dial(target, never), { code: 'refused' });
    await setImmediate();
    cloud.started[0]!.stderr.write('Connection refused\n');
    await end(cloud.started[0]);

    await refused;
    await setImmediate();

    assert.equal(cloud.started.length, 1);
    assert.deepEqual(cloud.calls, []);
  });
});
