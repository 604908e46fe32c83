import { httpException, MISSING_FIELD, invalidQuery } from './apiErrors';
import type { NewRow, OpenHandsOptions } from './options';
import { StandInSandbox, type SandboxSetting } from './sandbox';

/** Names of images, as in the cloud. */
export const SPECS = [
  'ghcr.io/openhands/agent-server:1.57.0-python',
  'ghcr.io/acme/tools/agent-server:2026.10-debian',
] as const;

/** The sandboxes of one user, with what the app server does to them. Refusals are ApiErrors. */
export class StandInSandboxes {
  /** The newest first. */
  readonly rows: StandInSandbox[] = [];

  constructor(
    private readonly options: OpenHandsOptions,
    private readonly setting: SandboxSetting,
  ) {}

  /** A sandbox that is listed but has no runtime. */
  addRow(row: NewRow = {}): StandInSandbox {
    const sandbox = new StandInSandbox({ sandboxSpecId: SPECS[0], ...row }, this.setting);
    this.rows.unshift(sandbox);
    return sandbox;
  }

  async create(specId: string = SPECS[0]): Promise<StandInSandbox> {
    // The app server fails, and says nothing, for a spec that it does not know.
    if (!SPECS.some((spec) => spec === specId)) throw new Error(`no sandbox spec ${specId}`);
    await this.#makeRoom();
    const sandbox = this.addRow({ sandboxSpecId: specId });
    sandbox.start();
    return sandbox;
  }

  find(id: string): StandInSandbox | undefined {
    return this.rows.find((sandbox) => sandbox.id === id);
  }

  async pause(id: string): Promise<void> {
    const sandbox = this.#get(id);
    if (sandbox.status === 'MISSING') throw notFound(id);
    if (sandbox.isActive) await sandbox.pause();
  }

  async resume(id: string): Promise<void> {
    const sandbox = this.#get(id);
    if (sandbox.isActive) return;
    if (sandbox.status !== 'PAUSED') throw this.#notResumable(sandbox);
    await this.#makeRoom();
    sandbox.start();
  }

  /** The app server reads the id from the query; that in the path is not looked at. */
  async delete(idInQuery: string | undefined): Promise<void> {
    if (idInQuery === undefined) throw invalidQuery('sandbox_id', MISSING_FIELD);
    const sandbox = this.#get(idInQuery);
    await sandbox.loseRuntime();
    this.rows.splice(this.rows.indexOf(sandbox), 1);
  }

  async close(): Promise<void> {
    for (const sandbox of this.rows) await sandbox.loseRuntime();
  }

  #get(id: string): StandInSandbox {
    const sandbox = this.find(id);
    if (!sandbox) throw notFound(id);
    return sandbox;
  }

  #notResumable(sandbox: StandInSandbox): Error {
    if (this.options.release === 'old') return notFound(sandbox.id);
    return httpException(409, `Sandbox ${sandbox.id} cannot be resumed from ${sandbox.status}`);
  }

  /** Pauses the oldest that run until one more may. */
  async #makeRoom(): Promise<void> {
    const max = this.options.maxRunning ?? (this.options.routing === 'docker' ? 5 : 10);
    const running = this.rows.filter((sandbox) => sandbox.isActive);
    for (const sandbox of running.slice(Math.max(0, max - 1))) await sandbox.pause();
  }
}

function notFound(id: string): Error {
  return httpException(404, `Sandbox ${id} not found`);
}
