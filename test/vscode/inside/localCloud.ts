import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { findLocalCloud } from '../../../src/localCloud/launcher';
import { activeExtension } from './extension';

describe('The local cloud, started by the extension host', () => {
  it('runs by the editor’s own Node, and answers', async () => {
    await activeExtension();
    assert.equal(await findLocalCloud(), undefined);
    await vscode.commands.executeCommand('cloudSandboxes.useLocalCloud');
    assert.ok(await findLocalCloud());
  });
});
