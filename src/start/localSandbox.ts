import * as path from 'node:path';
import { printable } from '../base/errors';
import type { Logger } from '../base/logger';
import { say } from '../base/stderrLog';
import { cloudErrorCode } from '../cloud/errors';
import { listAll } from '../cloud/listAll';
import type { CloudClient, Endpoint, Sandbox } from '../cloud/provider';
import { providerOf } from '../cloud/registry';
import { ensureLocalCloud } from '../localCloud/launcher';
import type { RuntimeName } from '../localCloud/runtimes/runtime';

export interface LocalSandbox {
  readonly endpoint: Endpoint;
  readonly sandbox: Sandbox;
}

/** Makes sure that the local cloud runs and has a sandbox. */
export async function prepareLocalSandbox(distDir: string, log: Logger): Promise<LocalSandbox> {
  const cloud = await ensureLocalCloud({
    nodeCommand: [process.execPath],
    script: path.join(distDir, 'localCloud.js'),
    log,
  });
  if (cloud.started) say(`started the local cloud at ${cloud.url} (${cloud.runtime})`);
  const endpoint: Endpoint = { provider: 'boxlite', baseUrl: cloud.url, token: cloud.token };
  const client = providerOf(endpoint.provider).connect(endpoint, log);
  try {
    const sandbox = await findOrCreateSandbox(client, cloud.runtime);
    if (sandbox.notice) say(`sandbox ${printable(sandbox.name, 60)}: ${printable(sandbox.notice)}`);
    return { endpoint, sandbox };
  } finally {
    client.dispose();
  }
}

/** One that runs if there is any, else any that can be started; a new one if there is none. */
async function findOrCreateSandbox(client: CloudClient, runtime: RuntimeName): Promise<Sandbox> {
  const sandboxes = await listAll(client);
  const running = sandboxes.find(({ status }) => status === 'running');
  if (running) return running;
  for (const { id } of sandboxes) {
    try {
      return await client.start(id);
    } catch (error) {
      // It needs a runtime or a container that this computer had, and has no more.
      if (cloudErrorCode(error) !== 'conflict') throw error;
    }
  }
  say(`creating a sandbox${runtime === 'docker' ? '; to fetch its image may take minutes' : ''}`);
  return client.create({});
}
