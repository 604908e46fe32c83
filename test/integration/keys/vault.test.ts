import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { useTempDir } from '../../helpers/tempDir';

const run = promisify(execFile);
const program = path.join(import.meta.dirname, 'provisioningProcess.ts');

describe('Vault across processes', () => {
  const dir = useTempDir();

  for (const visibleAfterMs of [0, 700]) {
    it(`makes one key pair when windows see each other's secrets after ${visibleAfterMs} ms`, async () => {
      const window = async (): Promise<string> => {
        const args = [
          '--import',
          'tsx',
          program,
          dir.path,
          'web-aaaabbbbcccc.vscode.sbx',
          String(visibleAfterMs),
        ];
        return (await run(process.execPath, args, { timeout: 20_000 })).stdout;
      };
      const outputs = await Promise.all([window(), window(), window(), window()]);
      assert.equal(new Set(outputs).size, 1);
      assert.match(outputs[0], /BEGIN OPENSSH PRIVATE KEY/);
    }).timeout(30_000);
  }
});
