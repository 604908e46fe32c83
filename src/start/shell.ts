import * as path from 'node:path';
import { printable } from '../base/errors';
import type { Logger } from '../base/logger';
import type { Endpoint, Sandbox } from '../cloud/provider';
import { providerOf } from '../cloud/registry';
import { ensureLocalCloud } from '../localCloud/launcher';
import { say } from './log';
import { findOrCreateSandbox } from './sandbox';
import { serveSandbox } from './serveSandbox';
import { runSsh } from './ssh';

export interface ShellOptions {
  /** Where the bundles are. */
  readonly distDir: string;
  /** Private folder of this run. */
  readonly runDir: string;
  /** Line for the sandbox's shell; undefined for a login shell. */
  readonly command: string | undefined;
  readonly log: Logger;
}

/** Opens a sandbox of the local cloud through the real ssh; resolves with ssh's exit code. */
export async function openInShell({ distDir, runDir, command, log }: ShellOptions): Promise<number> {
  const cloud = await ensureLocalCloud({
    nodeCommand: [process.execPath],
    script: path.join(distDir, 'localCloud.js'),
    log,
  });
  if (cloud.started) say(`started the local cloud at ${cloud.url} (${cloud.runtime})`);
  const endpoint: Endpoint = { provider: 'boxlite', baseUrl: cloud.url, token: cloud.token };
  const sandbox = await openSandbox(endpoint, log);
  const served = await serveSandbox({ endpoint, sandbox, mayStart: true, runDir, distDir, log });
  try {
    if (command === undefined) say(`a shell in sandbox ${printable(sandbox.name, 60)}; leave it with "exit"`);
    return await runSsh({ configFile: served.configFile, alias: served.alias, command });
  } finally {
    served.dispose();
  }
}

async function openSandbox(endpoint: Endpoint, log: Logger): Promise<Sandbox> {
  const client = providerOf(endpoint.provider).connect(endpoint, log);
  try {
    const sandbox = await findOrCreateSandbox(client, () => say('creating a sandbox'));
    if (sandbox.notice) say(`sandbox ${printable(sandbox.name, 60)}: ${sandbox.notice}`);
    return sandbox;
  } finally {
    client.dispose();
  }
}
