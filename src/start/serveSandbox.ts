import * as path from 'node:path';
import type { Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import type { BackendChoice, ConnectionState, Grant, GrantAnswer } from '../broker/protocol';
import { BrokerServer } from '../broker/server';
import type { Endpoint, Sandbox } from '../cloud/provider';
import { aliasFor } from '../keys/alias';
import { MemorySecretStore } from '../keys/secretStore';
import { Vault } from '../keys/vault';
import { HostFiles } from '../sshConfig/hostFiles';
import { Provisioner } from '../sshConfig/provisioner';

/** Stands for the editor in the aliases that are made here. */
const EDITOR = 'cli';

export interface ServeOptions {
  readonly endpoint: Endpoint;
  readonly sandbox: Pick<Sandbox, 'id' | 'name'>;
  /** Whether connections may start the sandbox. */
  readonly mayStart: boolean;
  /** How channels are made in the sandbox; the best that works, unless told. */
  readonly backend?: BackendChoice;
  /** Private folder for the SSH files, the public keys and the broker's socket. */
  readonly runDir: string;
  /** Where the bundles are. */
  readonly distDir: string;
  readonly onState?: (state: ConnectionState) => void;
  readonly log: Logger;
}

/** A sandbox that the real ssh can reach: `ssh -F configFile alias`, as long as it is not disposed. */
export interface ServedSandbox extends Disposable {
  readonly alias: string;
  readonly configFile: string;
}

/** Makes keys and SSH files for one sandbox and serves its grant; the private keys stay in this process. */
export async function serveSandbox(options: ServeOptions): Promise<ServedSandbox> {
  const { endpoint, sandbox, runDir, distDir, log } = options;
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
    mayStart: options.mayStart,
    backend: options.backend ?? 'auto',
  };
  const broker = await BrokerServer.start({
    dir: runDir,
    editor: EDITOR,
    grant: (asked) => Promise.resolve(answer(grant, asked)),
    onState: options.onState ?? (() => undefined),
    log,
  });
  return { alias, configFile: hosts.configFile, dispose: () => broker.dispose() };
}

function answer(grant: Grant, alias: string): GrantAnswer {
  if (alias === grant.alias) return { ok: true, grant };
  return { ok: false, reason: 'unknown-alias', message: `${alias} is not the sandbox of this run` };
}
