import * as path from 'node:path';
import type { Logger } from '../base/logger';
import { printable } from '../base/errors';
import type { Grant, GrantAnswer } from '../broker/protocol';
import { BrokerServer } from '../broker/server';
import type { Endpoint, Sandbox } from '../cloud/provider';
import { providerOf } from '../cloud/registry';
import { aliasFor } from '../keys/alias';
import { MemorySecretStore } from '../keys/secretStore';
import { Vault } from '../keys/vault';
import { ensureLocalCloud } from '../localCloud/launcher';
import { HostFiles } from '../sshConfig/hostFiles';
import { Provisioner } from '../sshConfig/provisioner';
import { say } from './log';
import { findOrCreateSandbox } from './sandbox';
import { runSsh } from './ssh';

/** Stands for the editor in our aliases. */
const EDITOR = 'cli';

export interface ShellOptions {
  /** Where the bundles are. */
  readonly distDir: string;
  /** Private folder of this run: SSH files, public keys and the broker's socket. */
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
  const alias = aliasFor({
    provider: endpoint.provider,
    baseUrl: endpoint.baseUrl,
    user: 'local',
    sandboxId: sandbox.id,
    name: sandbox.name,
    editor: EDITOR,
  });
  const hosts = new HostFiles({
    dir: path.join(runDir, 'ssh'),
    editor: EDITOR,
    launcher: { runtimes: [process.execPath], script: path.join(distDir, 'connection.js'), runDir },
  });
  const vault = new Vault({
    secrets: new MemorySecretStore(),
    publicKeysDir: path.join(runDir, 'keys'),
    log,
  });
  const keys = (await new Provisioner({ vault, hosts }).provision([alias])).get(alias);
  if (!keys) throw new Error(`No keys were made for ${alias}`);
  const grant: Grant = {
    alias,
    sandbox: { id: sandbox.id, name: sandbox.name },
    endpoint,
    hostKey: keys.host.privateKey,
    userKey: keys.user.privateKey,
    mayStart: true,
  };
  const broker = await BrokerServer.start({
    dir: runDir,
    editor: EDITOR,
    grant: (asked) => Promise.resolve(answer(grant, asked)),
    onState: ({ phase, detail }) => log.debug(`connection ${phase} ${detail ?? ''}`),
    log,
  });
  try {
    return await runSsh({ configFile: hosts.configFile, alias, command });
  } finally {
    broker.dispose();
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

function answer(grant: Grant, alias: string): GrantAnswer {
  if (alias === grant.alias) return { ok: true, grant };
  return { ok: false, reason: 'unknown-alias', message: `${alias} is not the sandbox of this run` };
}
