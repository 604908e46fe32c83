import { createHash, randomBytes } from 'node:crypto';
import * as os from 'node:os';
import { describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { ApiError } from './apiError';
import { noticeFor, viewBox, type BoxRecord, type BoxStatus, type BoxView } from './boxRecord';
import { hostnameFor, suggestName } from './names';
import type { CreateBoxRequest, ListQuery } from './requests';
import type { BoxSpec, Runtime } from './runtimes/runtime';
import { SerialQueue } from './serialQueue';
import type { BoxStore } from './store';

const DEFAULT_AUTO_STOP_SECONDS = 900;
const MAX_BOXES = 1000;

interface Entry {
  record: BoxRecord;
  /** Changes of one box's state happen one at a time. */
  readonly queue: SerialQueue;
  stopping: boolean;
  /** When the box was last started or used, in milliseconds since the epoch. */
  lastUsed: number;
}

/** A request for a new box, with the client's key for repeating it safely. */
export interface Creation {
  readonly request: CreateBoxRequest;
  readonly idempotencyKey?: string;
}

export interface BoxPage {
  readonly boxes: readonly BoxView[];
  readonly next_page_token: string | null;
}

/** All boxes of this server and their life. Its methods throw an {@link ApiError} or what the runtime throws. */
export class Boxes {
  readonly #entries = new Map<string, Entry>();
  /** Creations under way by name, which is theirs already. */
  readonly #reserved = new Set<string>();
  readonly #creating = new Map<string, { readonly digest: string; readonly done: Promise<BoxView> }>();
  readonly #store: BoxStore;
  readonly #runtime: Runtime;
  readonly #log: Logger;

  constructor(store: BoxStore, runtime: Runtime, log: Logger) {
    this.#store = store;
    this.#runtime = runtime;
    this.#log = log;
  }

  /**
   * Reads the boxes from disk. One that ran when the last server was lost is listed as stopped, and what is left of
   * it is ended, unless its runtime kept it running.
   */
  async load(): Promise<void> {
    for (const record of await this.#store.load()) {
      const entry = this.#add(record);
      if (record.runtime !== this.#runtime.name) continue;
      if (record.status !== 'running' || (await this.#runtime.isRunning(this.#spec(entry)))) continue;
      this.#log.info(`Box ${record.id} was running when the last server ended`);
      await this.#runtime.stop(this.#spec(entry));
      await this.#setStatus(entry, 'stopped');
    }
  }

  list(query: ListQuery): BoxPage {
    const after = query.pageToken === undefined ? '' : decodePageToken(query.pageToken);
    const matching = [...this.#entries.values()]
      .filter((entry) => query.status === undefined || statusOf(entry) === query.status)
      .filter((entry) => sortKey(entry.record) > after)
      .sort((a, b) => (sortKey(a.record) < sortKey(b.record) ? -1 : 1));
    const page = matching.slice(0, query.pageSize);
    const last = page.at(-1);
    return {
      boxes: page.map((entry) => this.#view(entry)),
      next_page_token: last && matching.length > page.length ? encodePageToken(sortKey(last.record)) : null,
    };
  }

  get(idOrName: string): BoxView {
    return this.#view(this.#find(idOrName));
  }

  /** The id of a box that is given by id or name. */
  resolve(idOrName: string): string {
    return this.#find(idOrName).record.id;
  }

  /** Creates a box, or returns the one that the same key created before. */
  async create({ request, idempotencyKey: key }: Creation): Promise<BoxView> {
    if (key === undefined) return this.#create(request, undefined);
    const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const underWay = this.#creating.get(key);
    if (underWay) {
      requireSameRequest(key, underWay.digest, digest);
      return underWay.done;
    }
    for (const entry of this.#entries.values()) {
      const { idempotency } = entry.record;
      if (idempotency?.key !== key) continue;
      requireSameRequest(key, idempotency.digest, digest);
      return this.#view(entry);
    }
    const done = this.#create(request, { key, digest });
    this.#creating.set(key, { digest, done });
    try {
      return await done;
    } finally {
      this.#creating.delete(key);
    }
  }

  /** Resolves once commands can run. */
  start(idOrName: string): Promise<BoxView> {
    const entry = this.#find(idOrName);
    return entry.queue.run(async () => {
      await this.#ensureRunning(entry);
      return this.#view(entry);
    });
  }

  /** Resolves once no process of the box is left. */
  stop(idOrName: string): Promise<BoxView> {
    const entry = this.#find(idOrName);
    return entry.queue.run(async () => {
      await this.#stop(entry);
      return this.#view(entry);
    });
  }

  /** Removes a box and its files; a running one only by `force`. */
  remove(idOrName: string, force: boolean): Promise<void> {
    const entry = this.#find(idOrName);
    return entry.queue.run(async () => {
      const { id } = this.#current(entry).record;
      if (entry.record.status === 'running' && !force) {
        throw new ApiError(
          'invalid_state',
          `Box ${id} is running; stop it first, or remove it with force=true`,
        );
      }
      await this.#stop(entry);
      await this.#runtime.remove(this.#spec(entry));
      await this.#store.remove(id);
      this.#entries.delete(id);
    });
  }

  /** The box for use by a command or a file transfer, started if it is stopped and allows that. */
  async use(idOrName: string): Promise<BoxSpec> {
    const entry = this.#find(idOrName);
    this.touch(entry.record.id);
    await entry.queue.run(async () => {
      if (this.#current(entry).record.status === 'stopped' && !entry.record.autoResume) {
        throw new ApiError(
          'stopped',
          `Box ${entry.record.id} is stopped and does not resume by itself; start it`,
        );
      }
      await this.#ensureRunning(entry);
    });
    return this.#spec(entry);
  }

  /** Notes that a box was used just now. */
  touch(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) entry.lastUsed = Date.now();
  }

  get anyRunning(): boolean {
    return [...this.#entries.values()].some((entry) => entry.record.status === 'running');
  }

  /** Stops boxes that are idle for too long, and removes those that asked for it. `isBusy`: a command runs in it. */
  async sweep(isBusy: (id: string) => boolean): Promise<void> {
    for (const entry of [...this.#entries.values()]) {
      const { id, status, autoStop, autoDelete, updatedAt } = entry.record;
      if (entry.record.runtime !== this.#runtime.name) continue;
      const idle = (): boolean => !isBusy(id) && isPast(entry.lastUsed, autoStop);
      if (status === 'running' && idle()) {
        this.#log.info(`Stopping box ${id}: no command ran for ${autoStop} s`);
        await entry.queue.run(async () => {
          if (idle()) await this.#stop(entry);
        });
      } else if (status === 'stopped' && isPast(Date.parse(updatedAt), autoDelete)) {
        this.#log.info(`Removing box ${id}: stopped for ${autoDelete} s`);
        await this.remove(id, false);
      }
    }
  }

  /** Stops every box; one that does not stop is logged and does not keep the others. */
  async stopAll(): Promise<void> {
    await Promise.all(
      [...this.#entries.values()].map(async (entry) => {
        try {
          await entry.queue.run(() => this.#stop(entry));
        } catch (error) {
          this.#log.error(`Cannot stop box ${entry.record.id}: ${describeErrorChain(error)}`);
        }
      }),
    );
  }

  async #create(request: CreateBoxRequest, idempotency: BoxRecord['idempotency']): Promise<BoxView> {
    if (this.#entries.size + this.#reserved.size >= MAX_BOXES) {
      throw new ApiError('resource_exhausted', `There are ${MAX_BOXES} boxes already; remove some first`);
    }
    const name = request.name ?? suggestName((candidate) => this.#isTaken(candidate));
    if (this.#isTaken(name)) {
      throw new ApiError('already_exists', `A box named ${JSON.stringify(name)} exists already`);
    }
    this.#reserved.add(name);
    try {
      const record = this.#newRecord(name, request, idempotency);
      const spec = this.#toSpec(record);
      await this.#store.create(record);
      try {
        await this.#runtime.create(spec);
      } catch (error) {
        await this.#store.remove(record.id);
        throw error;
      }
      return this.#view(this.#add(record));
    } finally {
      this.#reserved.delete(name);
    }
  }

  #newRecord(name: string, request: CreateBoxRequest, idempotency: BoxRecord['idempotency']): BoxRecord {
    const image = request.image ?? request.rootfs_path ?? undefined;
    const now = new Date().toISOString();
    const { network } = request;
    return {
      id: randomBytes(8).toString('hex'),
      name,
      runtime: this.#runtime.name,
      ...(image !== undefined && { image }),
      cpus: request.cpus ?? Math.min(os.availableParallelism(), 32),
      memoryMib: request.memory_mib ?? Math.floor(os.totalmem() / 2 ** 20),
      env: request.env ?? {},
      ...(request.working_dir && { workingDir: request.working_dir }),
      network: (network?.outbound?.mode ?? network?.mode) !== 'disabled',
      autoStop: request.auto_stop ?? DEFAULT_AUTO_STOP_SECONDS,
      autoDelete: request.auto_delete ?? 0,
      autoResume: request.auto_resume ?? true,
      status: 'configured',
      createdAt: now,
      updatedAt: now,
      ...(idempotency && { idempotency }),
    };
  }

  async #ensureRunning(entry: Entry): Promise<void> {
    this.#current(entry);
    this.#requireOwnRuntime(entry);
    const spec = this.#spec(entry);
    if (entry.record.status === 'running' && (await this.#runtime.isRunning(spec))) return;
    await this.#runtime.start(spec);
    entry.lastUsed = Date.now();
    await this.#setStatus(entry, 'running');
  }

  async #stop(entry: Entry): Promise<void> {
    if (this.#current(entry).record.status !== 'running') return;
    this.#requireOwnRuntime(entry);
    entry.stopping = true;
    try {
      await this.#runtime.stop(this.#spec(entry));
      await this.#setStatus(entry, 'stopped');
    } finally {
      entry.stopping = false;
    }
  }

  async #setStatus(entry: Entry, status: BoxRecord['status']): Promise<void> {
    const record = { ...entry.record, status, updatedAt: new Date().toISOString() };
    await this.#store.save(record);
    entry.record = record;
  }

  #add(record: BoxRecord): Entry {
    const entry = { record, queue: new SerialQueue(), stopping: false, lastUsed: Date.now() };
    this.#entries.set(record.id, entry);
    return entry;
  }

  #find(idOrName: string): Entry {
    const entry =
      this.#entries.get(idOrName) ??
      [...this.#entries.values()].find(({ record }) => record.name === idOrName);
    if (!entry) throw new ApiError('not_found', `There is no box ${JSON.stringify(idOrName)}`);
    return entry;
  }

  /** The entry, unless the box was removed while the caller waited for its turn. */
  #current(entry: Entry): Entry {
    return this.#entries.get(entry.record.id) ?? this.#find(entry.record.id);
  }

  #requireOwnRuntime({ record }: Entry): void {
    if (record.runtime === this.#runtime.name) return;
    throw new ApiError(
      'invalid_state',
      `Box ${record.id} belongs to the ${record.runtime} runtime, and this server runs ${this.#runtime.name}; ` +
        `start the local cloud with --runtime ${record.runtime} to use it`,
    );
  }

  #isTaken(name: string): boolean {
    return this.#reserved.has(name) || [...this.#entries.values()].some(({ record }) => record.name === name);
  }

  #spec(entry: Entry): BoxSpec {
    return this.#toSpec(entry.record);
  }

  #toSpec(record: BoxRecord): BoxSpec {
    return {
      id: record.id,
      hostname: hostnameFor(record.name, record.id),
      dir: this.#store.dirOf(record.id),
      env: record.env,
      network: record.network,
      cpus: record.cpus,
      memoryMib: record.memoryMib,
      ...(record.image !== undefined && { image: record.image }),
      ...(record.workingDir !== undefined && { workingDir: record.workingDir }),
    };
  }

  #view(entry: Entry): BoxView {
    return viewBox(entry.record, statusOf(entry), noticeFor(entry.record, this.#runtime));
  }
}

function statusOf(entry: Entry): BoxStatus {
  return entry.stopping ? 'stopping' : entry.record.status;
}

/** A key stands for one request. */
function requireSameRequest(key: string, known: string, given: string): void {
  if (known === given) return;
  throw new ApiError('idempotency_mismatch', `Idempotency-Key ${key} was used for a different request`);
}

/** Boxes are listed by age; the id tells those of the same millisecond apart. */
function sortKey(record: BoxRecord): string {
  return `${record.createdAt} ${record.id}`;
}

function encodePageToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function decodePageToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (encodePageToken(key) === token && /^\S+ [a-z0-9]+$/.test(key)) return key;
  throw new ApiError('invalid_argument', 'pageToken: is not one that this server gave');
}

function isPast(sinceMs: number, seconds: number): boolean {
  return seconds > 0 && Date.now() - sinceMs >= seconds * 1000;
}
