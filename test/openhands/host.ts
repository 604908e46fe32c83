import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { silentLogger } from '../../src/base/logger';
import type { BackendChoice, ConnectionState } from '../../src/broker/protocol';
import type { Endpoint, Sandbox } from '../../src/cloud/provider';
import { serveSandbox, type ServedSandbox } from '../../src/start/serveSandbox';
import { SshHost } from '../helpers/sshHost';

export interface HostOptions {
  readonly endpoint: Endpoint;
  readonly sandbox: Sandbox;
  readonly backend?: BackendChoice;
  /** Whether connections may start the sandbox; they may unless told. */
  readonly mayStart?: boolean;
}

/** A sandbox of any cloud as the real OpenSSH clients reach it, through the bundled connection. */
export class CloudHost extends SshHost {
  private constructor(
    private readonly served: ServedSandbox,
    readonly dir: string,
    readonly states: readonly ConnectionState[],
  ) {
    super();
  }

  static async open({
    endpoint,
    sandbox,
    backend = 'auto',
    mayStart = true,
  }: HostOptions): Promise<CloudHost> {
    // Short, because a Unix socket goes into it.
    const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
    const states: ConnectionState[] = [];
    const served = await serveSandbox({
      endpoint,
      sandbox,
      mayStart,
      backend,
      runDir: path.join(dir, 'run'),
      distDir: path.resolve('dist'),
      onState: (state) => states.push(state),
      log: silentLogger,
    });
    return new CloudHost(served, dir, states);
  }

  get alias(): string {
    return this.served.alias;
  }

  get configFile(): string {
    return this.served.configFile;
  }

  async close(): Promise<void> {
    await this.endChildren();
    this.served.dispose();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
