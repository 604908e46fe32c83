import assert from 'node:assert/strict';
import * as vscode from 'vscode';

/** Ours, once it is active; it becomes so by itself. */
export async function activeExtension(): Promise<vscode.Extension<unknown>> {
  const extension = vscode.extensions.getExtension('cloud-sandboxes.cloud-sandboxes');
  assert.ok(extension, 'the extension is not there');
  await extension.activate();
  return extension;
}

/** The context of an extension that stands beside ours. */
export async function probeContext(): Promise<vscode.ExtensionContext> {
  const probe = vscode.extensions.getExtension<vscode.ExtensionContext>('cloud-sandboxes-tests.probe');
  assert.ok(probe, 'the probe is not there');
  return probe.activate();
}
