import { randomBytes } from 'node:crypto';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { agentServerProgram } from './agentServer';
import { Box } from './box';
import { LossyNetwork } from '../../helpers/lossyNetwork';
import { portsOf, SSH_PORT } from './ports';
import type {
  AgentServerKind,
  ExposedUrl,
  NewRow,
  OpenHandsOptions,
  SandboxInfo,
  SandboxStatus,
  ServiceName,
} from './options';

/** What a sandbox gets from the cloud that it is in. */
export interface SandboxSetting {
  readonly options: OpenHandsOptions;
  readonly agentServer: AgentServerKind;
  /** Folder for the folders of sandboxes. */
  readonly dir: string;
  /** Makes the sandbox's services reachable, for as long as it runs. */
  expose(sandbox: StandInSandbox): Promise<Exposure>;
}

/** Where services of a sandbox are reached. */
export interface Exposure {
  urlOf(service: ServiceName): string;
  /** That of the SSH service, if sandboxes have one. */
  readonly sshUrl?: string;
  close(): Promise<void>;
}

/** One sandbox: a row of the app server, and a box with an agent-server while it runs. */
export class StandInSandbox {
  readonly id: string;
  /** Names the sandbox in URLs; another one than its id. */
  readonly runtimeId = randomBytes(8).toString('hex');
  readonly createdAt: string;
  readonly specId: string;
  readonly network = new LossyNetwork();
  /** Reported in place of the real status. */
  reportedStatus: SandboxStatus | undefined;
  statusDetail: string | null;
  #status: SandboxStatus;
  #sessionApiKey: string | null = null;
  #box: Box | undefined;
  #exposure: Exposure | undefined;
  #looksLeft = 0;
  #starting: Promise<void> = Promise.resolve();

  /** It has no runtime until it is started. */
  constructor(
    row: NewRow & { readonly sandboxSpecId: string },
    private readonly setting: SandboxSetting,
  ) {
    this.id = row.id ?? base62(randomBytes(16));
    this.specId = row.sandboxSpecId;
    this.createdAt = row.createdAt ?? new Date().toISOString().replace('Z', '000Z');
    this.statusDetail = row.statusDetail ?? null;
    this.#status = row.status ?? 'MISSING';
  }

  /** Null unless it runs, or while it starts. */
  get sessionApiKey(): string | null {
    return this.#sessionApiKey;
  }

  get status(): SandboxStatus {
    return this.#status;
  }

  /** The first process in it, as this computer sees it; undefined while it has no runtime. */
  get hostPid(): number | undefined {
    return this.#box?.firstPid;
  }

  get isActive(): boolean {
    return this.#status === 'STARTING' || this.#status === 'RUNNING';
  }

  /** What a client sees; that may be the look at which the sandbox has started. */
  look(): SandboxInfo {
    if (this.#status === 'STARTING' && this.#box && this.#looksLeft-- <= 0) this.#status = 'RUNNING';
    const { options } = this.setting;
    const status = this.reportedStatus ?? this.#status;
    const hasKey = status === 'RUNNING' || (status === 'STARTING' && options.hasKeyWhileStarting);
    return {
      id: this.id,
      created_by_user_id: options.edition === 'openSource' ? null : 'user-1',
      sandbox_spec_id: this.specId,
      status,
      session_api_key: hasKey ? this.#sessionApiKey : null,
      exposed_urls: status === 'RUNNING' ? this.#exposedUrls() : null,
      created_at: this.createdAt,
      ...(options.release !== 'old' && {
        status_detail: this.statusDetail,
        working_dir: '/workspace/project',
      }),
    };
  }

  /** Starts it with a new session key; it is STARTING when this returns. */
  start(): void {
    this.#status = 'STARTING';
    this.#looksLeft = this.setting.options.startingLooks ?? 1;
    this.#sessionApiKey = randomBytes(16).toString('hex');
    this.#starting = this.#startBox(this.#sessionApiKey).catch((error: unknown) => {
      this.#status = 'ERROR';
      this.statusDetail = String(error);
    });
  }

  /** Everything in it ends but what is in /workspace. */
  async pause(): Promise<void> {
    await this.#stop('PAUSED');
  }

  /** The runtime is lost, as after the cloud's clean-up; the row stays. */
  async loseRuntime(): Promise<void> {
    await this.#stop('MISSING');
  }

  /** A connection to a service's port in the sandbox; undefined while it has no runtime. */
  connect(service: ServiceName): Duplex | undefined {
    return this.connectToPort(portsOf(this.setting.options)[service]);
  }

  connectToPort(port: number): Duplex | undefined {
    return this.#box?.isRunning ? this.#box.connect(port) : undefined;
  }

  async #startBox(key: string): Promise<void> {
    const { options, agentServer, dir } = this.setting;
    const exposure = await this.setting.expose(this);
    this.#exposure = exposure;
    const program = agentServerProgram(agentServer, {
      sessionApiKey: key,
      webUrl: exposure.urlOf('AGENT_SERVER'),
      ports: portsOf(options),
      hasSshService: options.hasSshService ?? false,
    });
    const box = await Box.start(path.join(dir, this.runtimeId), this.runtimeId, program);
    this.#box = box;
    void box.ended.then(() => {
      if (this.#box !== box || !this.isActive) return;
      this.#status = 'ERROR';
      this.statusDetail = box.lastWords;
    });
  }

  async #stop(status: SandboxStatus): Promise<void> {
    await this.#starting;
    this.#status = status;
    this.#sessionApiKey = null;
    this.network.close();
    await this.#exposure?.close();
    await this.#box?.kill();
    this.#box = undefined;
    this.#exposure = undefined;
  }

  #exposedUrls(): ExposedUrl[] {
    const exposure = this.#exposure;
    if (!exposure) return [];
    const { options } = this.setting;
    const services = Object.entries(portsOf(options)) as [ServiceName, number][];
    const urls: Required<ExposedUrl>[] = services.map(([name, port]) => {
      const secret = `?tkn=${this.#sessionApiKey ?? ''}&folder=%2Fworkspace%2Fproject`;
      return { name, port, url: exposure.urlOf(name) + (name === 'VSCODE' ? secret : '') };
    });
    if (exposure.sshUrl !== undefined) urls.push({ name: 'SSH', url: exposure.sshUrl, port: SSH_PORT });
    return options.release === 'old' ? urls.map(({ name, url }) => ({ name, url })) : urls;
  }
}

function base62(bytes: Buffer): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let [rest, text] = [BigInt(`0x${bytes.toString('hex')}`), ''];
  for (; rest > 0n; rest /= 62n) text = digits.charAt(Number(rest % 62n)) + text;
  return text;
}
