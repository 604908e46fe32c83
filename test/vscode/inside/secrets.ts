import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type * as vscode from 'vscode';
import { silentLogger } from '../../../src/base/logger';
import { Vault } from '../../../src/keys/vault';
import { probeContext } from './extension';

const alias = 'web-aaaabbbbcccc.vscode.sbx';

describe('The editor’s secret storage', () => {
  let secrets: vscode.SecretStorage;
  let dir: string;
  before(async () => {
    ({ secrets } = await probeContext());
    dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const vault = (): Vault =>
    new Vault({ secrets, publicKeysDir: path.join(dir, 'public-keys'), log: silentLogger });

  it('keeps a sandbox’s keys as they were stored', async () => {
    const keys = await vault().provision(alias);
    assert.deepEqual(await vault().find(alias), keys);
    assert.deepEqual(await vault().provision(alias), keys);
  });

  it('forgets them for good', async () => {
    await vault().provision(alias);
    await vault().forget(alias);
    assert.equal(await vault().find(alias), undefined);
  });

  it('says which secret has changed', async () => {
    const changed = new Promise<string>((resolve) => {
      const listener = secrets.onDidChange(({ key }) => {
        listener.dispose();
        resolve(key);
      });
    });
    await secrets.store('token:example', 'secret');
    assert.equal(await changed, 'token:example');
    await secrets.delete('token:example');
  });
});
