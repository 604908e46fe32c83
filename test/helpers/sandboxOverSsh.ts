/** A sandbox of a real local cloud, reached by the real OpenSSH clients through the bundled connection. */
import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { silentLogger } from '../../src/base/logger';
import type { BackendChoice, ConnectionState } from '../../src/broker/protocol';
import { providerOf } from '../../src/cloud/registry';
import type { CreateOptions } from '../../src/cloud/createFields';
import type { CloudClient, Endpoint, Sandbox } from '../../src/cloud/provider';
import type { RuntimeName } from '../../src/localCloud/runtimes/runtime';
import { serveSandbox, type ServedSandbox } from '../../src/start/serveSandbox';
import { LocalCloudServer } from './localCloud';
import { SshHost } from './sshHost';

export interface TestSandboxOptions extends CreateOptions {
  readonly runtime: RuntimeName;
  /** Whether connections may start the sandbox; they may unless told. */
  readonly mayStart?: boolean;
  /** How channels are made; unless told, by what needs nothing but a shell in the sandbox. */
  readonly backend?: BackendChoice;
  /** Folder of the bundles that run. Unless given, the local cloud runs from its source, the rest from `dist`. */
  readonly bundles?: string;
}

export class SandboxOverSsh extends SshHost {
  readonly states: ConnectionState[] = [];

  #server: LocalCloudServer;
  #served: ServedSandbox | undefined;

  private constructor(
    server: LocalCloudServer,
    readonly client: CloudClient,
    readonly endpoint: Endpoint,
    readonly sandbox: Sandbox,
    readonly dir: string,
    private readonly backend: BackendChoice,
    private readonly bundles: string | undefined,
  ) {
    super();
    this.#server = server;
  }

  /** Starts a local cloud of its own with one sandbox. */
  static async open(options: TestSandboxOptions): Promise<SandboxOverSsh> {
    const { runtime, mayStart = true, backend = 'exec', bundles, ...create } = options;
    // Short, because a Unix socket goes into it.
    const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
    const server = await LocalCloudServer.start({
      ...cloudCommand(bundles),
      stateDir: path.join(dir, 'cloud'),
      args: ['--runtime', runtime],
    });
    const endpoint = { provider: 'boxlite', baseUrl: server.ready.url, token: server.api.token };
    const client = providerOf(endpoint.provider).connect(endpoint, silentLogger);
    const sandbox = await client.create(create);
    await client.start(sandbox.id);
    const opened = new SandboxOverSsh(server, client, endpoint, sandbox, dir, backend, bundles);
    await opened.serve(mayStart);
    return opened;
  }

  get server(): LocalCloudServer {
    return this.#server;
  }

  /** Starts the local cloud again, once it has ended: at the same address, with the same sandboxes. */
  async restartServer(): Promise<void> {
    const { url, runtime } = this.#server.ready;
    this.#server = await LocalCloudServer.start({
      ...cloudCommand(this.bundles),
      stateDir: path.join(this.dir, 'cloud'),
      args: ['--runtime', runtime, '--port', new URL(url).port],
    });
  }

  get alias(): string {
    return this.#mustBeServed().alias;
  }

  get configFile(): string {
    return this.#mustBeServed().configFile;
  }

  /** Provisions anew and serves grants, for the cloud's address or another way to it. */
  async serve(mayStart: boolean, baseUrl = this.endpoint.baseUrl): Promise<void> {
    this.stopServing();
    // Public keys without their secrets would be waited for: as if another window were about to store them.
    rmSync(path.join(this.dir, 'run', 'keys'), { recursive: true, force: true });
    this.#served = await serveSandbox({
      endpoint: { ...this.endpoint, baseUrl },
      sandbox: this.sandbox,
      mayStart,
      backend: this.backend,
      runDir: path.join(this.dir, 'run'),
      distDir: this.bundles ?? path.resolve('dist'),
      onState: (state) => this.states.push(state),
      log: silentLogger,
    });
  }

  /** Ends the broker, as closing the window does. */
  stopServing(): void {
    this.#served?.dispose();
  }

  async close(): Promise<void> {
    await this.endChildren();
    this.stopServing();
    this.client.dispose();
    await this.#server.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  #mustBeServed(): ServedSandbox {
    if (!this.#served) throw new Error('The sandbox is not served');
    return this.#served;
  }
}

function cloudCommand(bundles: string | undefined): { readonly command?: readonly string[] } {
  return bundles === undefined ? {} : { command: [process.execPath, path.join(bundles, 'localCloud.js')] };
}

/** A sandbox for all tests of the suite it is called in. */
export function useSandbox(
  options: TestSandboxOptions,
  setUp?: (context: Mocha.Context) => void,
): { readonly current: SandboxOverSsh } {
  let opened: SandboxOverSsh | undefined;
  before(async function () {
    setUp?.(this);
    opened = await SandboxOverSsh.open(options);
  });
  after(() => opened?.close());
  return {
    get current() {
      if (!opened) throw new Error('The sandbox is open in tests only');
      return opened;
    },
  };
}
