import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '../../../src/base/logger';
import { boxliteProvider } from '../../../src/cloud/boxlite/provider';
import type { Transport } from '../../../src/cloud/provider';
import { makeTextSafe } from '../../../src/ssh/backends/textSafe';
import { serveSandbox } from '../../../src/start/serveSandbox';
import { BoxliteStandIn } from '../../clouds/boxlite/server';
import { collect, readAll } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

describe('a cloud that decodes output as text', () => {
  let cloud: BoxliteStandIn;
  let transport: Transport;
  let boxId: string;
  beforeEach(async () => {
    cloud = await new BoxliteStandIn({ binaryOutput: false }).start();
    boxId = cloud.addBox().box_id;
    const client = boxliteProvider.connect({ provider: 'boxlite', baseUrl: cloud.url }, silentLogger);
    transport = client.transport(boxId);
  });
  afterEach(() => cloud.stop());

  for (const tool of ['perl', 'python3', 'node']) {
    describe(`with ${tool} in the sandbox`, () => {
      let safe: Transport;
      beforeEach(function () {
        requireTool(this, tool);
        safe = makeTextSafe(transport, new Set([tool]))!;
      });

      it('carries every byte of stdout', async () => {
        const data = randomBytes(1024 * 1024);
        const process = await safe.exec({ argv: ['cat'] });

        process.stdin.end(data);

        assert.ok((await readAll(process.stdout)).equals(data));
        assert.deepEqual(await process.exited, { code: 0 });
      });

      const commands = [
        { name: 'keeps stderr apart', command: 'echo out; echo err >&2', stdout: 'out\n', stderr: 'err\n' },
        { name: 'passes the exit code', command: 'exit 7', status: { code: 7 } },
        { name: 'passes death by a signal', command: 'kill -TERM $$', status: { signal: 'TERM' } },
        {
          name: 'passes arguments exactly',
          command: 'printf "%s|" "$@"',
          args: ['a b', '$x', ''],
          stdout: 'a b|$x||',
        },
      ];
      for (const { name, command, args = [], stdout = '', stderr = '', status = { code: 0 } } of commands) {
        it(name, async () => {
          const process = await safe.exec({ argv: ['sh', '-c', command, 'sh', ...args] });

          assert.deepEqual(await collect(process), { stdout, stderr, status });
        });
      }

      it('reports a program that is not there as 127', async () => {
        const process = await safe.exec({ argv: ['/no/such/program'] });

        const { stderr, status } = await collect(process);

        assert.deepEqual(status, { code: 127 });
        assert.match(stderr, /no\/such\/program/);
      });
    });
  }

  describe('through the real ssh', () => {
    const dir = useTempDir();

    it('carries binary files', async function () {
      requireTool(this, 'ssh', 'scp', 'perl');
      const served = await serveSandbox({
        endpoint: { provider: 'boxlite', baseUrl: cloud.url },
        sandbox: { id: boxId, name: 'text' },
        mayStart: true,
        runDir: path.join(dir.path, 'run'),
        distDir: path.resolve('dist'),
        // The stand-in's boxes are this computer, which is to have no agent.
        backend: 'exec',
        log: silentLogger,
      });
      const source = path.join(dir.path, 'source');
      writeFileSync(source, randomBytes(512 * 1024));

      await promisify(execFile)('scp', [
        '-O',
        '-F',
        served.configFile,
        `${served.alias}:${source}`,
        `${dir.path}/copy`,
      ]);

      assert.ok(readFileSync(path.join(dir.path, 'copy')).equals(readFileSync(source)));
      served.dispose();
    });
  });
});
