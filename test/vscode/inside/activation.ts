import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { eventually } from '../../helpers/eventually';
import { activeExtension } from './extension';

interface Contributions {
  readonly commands: readonly { readonly command: string }[];
  readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown }>> };
}

describe('The extension in the extension host', () => {
  const contributions = async (): Promise<Contributions> =>
    ((await activeExtension()).packageJSON as { readonly contributes: Contributions }).contributes;

  it('becomes active without being asked for', async () => {
    const extension = vscode.extensions.getExtension('cloud-sandboxes.cloud-sandboxes');
    await eventually(() => assert.equal(extension?.isActive, true), 20_000);
  });

  it('gives every command that it declares', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    const { commands } = await contributions();
    assert.deepEqual(
      commands.map(({ command }) => command).filter((command) => !registered.has(command)),
      [],
    );
  });

  it('shows its texts, not their keys', async () => {
    const { contributes } = (await activeExtension()).packageJSON as { readonly contributes: unknown };
    assert.doesNotMatch(JSON.stringify(contributes), /"%[\w.]+%"/);
  });

  it('has settings that can be read by the names that it declares', async () => {
    const { configuration } = await contributions();
    for (const [name, { default: declared }] of Object.entries(configuration.properties)) {
      assert.deepEqual(vscode.workspace.getConfiguration().get(name), declared, name);
    }
  });

  it('lets a workspace change none of its settings', async () => {
    const { configuration } = await contributions();
    for (const name of Object.keys(configuration.properties)) {
      const change = vscode.workspace
        .getConfiguration()
        .update(name, undefined, vscode.ConfigurationTarget.Workspace);
      await assert.rejects(Promise.resolve(change), name);
    }
  });

  it('leaves the user’s SSH configuration alone', async () => {
    await activeExtension();
    assert.ok(!existsSync(process.env['CLOUD_SANDBOXES_SSH_DIR']!));
  });
});
