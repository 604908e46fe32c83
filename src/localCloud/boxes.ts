import { createHash } from 'node:crypto';
import { describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { ApiError } from './apiError';
import { noticeFor, specOf, viewBox, type BoxRecord, type BoxStatus, type BoxView } from './boxRecord';
import { Creations, requireClient, requireSameRequest, type Repeatable } from './creations';
import { suggestName } from './names';
import { newRecord } from './newBox';
import type { CreateBoxRequest, ListQuery } from './requests';
import { pageOf } from './paging';
import type { BoxSpec, Runtime, RuntimeName } from './runtimes/runtime';
import { SerialQueue } from './serialQueue';
import type { BoxStore } from './store';
import { Upkeep } from './upkeep';

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
  /** Its client is gone; nobody wants the box then. */
  readonly signal?: AbortSignal;
}

export interface BoxPage {
  readonly boxes: readonly BoxView[];
  readonly next_page_token: string | null;
}

export interface BoxesOptions {
  readonly store: BoxStore;
  /** What this server's boxes run in. */
  readonly runtime: Runtime;
  /** Opens another one, for boxes that it made for an earlier server. Rejects if it does not work here. */
  readonly openRuntime: (name: RuntimeName) => Promise<Runtime>;
  /** Whether a command runs in a box. */
  readonly isBusy: (id: string) => boolean;
  readonly log: Logger;
}

/** All boxes of this server and their life. Its methods throw an {@link ApiError} or what the runtime throws. */
export class Boxes {
  readonly #entries = new Map<string, Entry>();
  /** Names of boxes that are being created, which are theirs already. */
  readonly #reserved = new Set<string>();
  readonly #creations = new Creations();
  readonly #store: BoxStore;
  readonly #runtime: Runtime;
  readonly #openRuntime: BoxesOptions['openRuntime'];
  readonly #isBusy: BoxesOptions['isBusy'];
  readonly #log: Logger;
  readonly #upkeep: Upkeep;

  constructor({ store, runtime, openRuntime, isBusy, log }: BoxesOptions) {
    this.#store = store;
    this.#runtime = runtime;
    this.#openRuntime = openRuntime;
    this.#isBusy = isBusy;
    this.#log = log;
    this.#upkeep = new Upkeep(log);
  }

  /**
   * Reads the boxes from disk. One that ran when the last server was lost is listed as stopped, and what is left of
   * it is ended, unless its runtime is this server's and kept it running. A box that fails keeps no other.
   */
  async load(): Promise<void> {
    const records = await this.#store.load((error) => this.#log.error(describeErrorChain(error)));
    const running = records
      .map((record) => this.#add(record))
      .filter(({ record }) => record.status === 'running');
    const runtimes = new Map<RuntimeName, Runtime | undefined>([[this.#runtime.name, this.#runtime]]);
    for (const entry of running) {
      const { runtime: name } = entry.record;
      if (!runtimes.has(name)) runtimes.set(name, await this.#tryRuntime(name));
      const runtime = runtimes.get(name);
      if (runtime) await this.#settle(entry, runtime);
    }
  }

  list(query: ListQuery): BoxPage {
    const matching = [...this.#entries.values()].filter(
      (entry) => query.status === undefined || this.#statusOf(entry) === query.status,
    );
    const { items, next } = pageOf(matching, ({ record }) => record, query);
    return { boxes: items.map((entry) => this.#view(entry)), next_page_token: next };
  }

  get(idOrName: string): BoxView {
    return this.#view(this.#find(idOrName));
  }

  /** The id of a box that is given by id or name. */
  resolve(idOrName: string): string {
    return this.#find(idOrName).record.id;
  }

  /** Creates a box, or returns the one that the same key created before. */
  async create({ request, idempotencyKey: key, signal }: Creation): Promise<BoxView> {
    if (key === undefined) return this.#create(request, undefined, signal);
    const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const repeatable = { key, digest };
    return this.#creations.share(repeatable, signal, async (shared) => {
      const known = this.#createdBy(repeatable);
      return known ? this.#view(known) : this.#create(request, repeatable, shared);
    });
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
      if (this.#isRunning(entry) && !force) {
        throw new ApiError(
          'invalid_state',
          `Box ${id} is running; stop it first, or remove it with force=true`,
        );
      }
      await this.#stop(entry);
      const runtime = this.#isOwn(entry) ? this.#runtime : await this.#tryRuntime(entry.record.runtime);
      // Without its runtime only the files of the box can be removed.
      await runtime?.remove(this.#spec(entry));
      await this.#store.remove(id);
      this.#entries.delete(id);
      this.#upkeep.forget(id);
    });
  }

  /** The box for use by a command or a file transfer, started if it is stopped and allows that. */
  async use(idOrName: string): Promise<BoxSpec> {
    const entry = this.#find(idOrName);
    this.touch(entry.record.id);
    await entry.queue.run(async () => {
      this.#requireOwnRuntime(this.#current(entry));
      if (entry.record.status === 'stopped' && !entry.record.autoResume) {
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

  /** Whether the server is needed: a box runs, or is being created, for which an image may have to be fetched. */
  get isNeeded(): boolean {
    return this.#reserved.size > 0 || [...this.#entries.values()].some((entry) => this.#isRunning(entry));
  }

  /** Stops boxes that are idle for too long, and removes those that asked for it. */
  async sweep(): Promise<void> {
    for (const entry of [...this.#entries.values()]) {
      const { id } = entry.record;
      if (!this.#isOwn(entry)) continue;
      await this.#upkeep.attempt(id, `stop or remove box ${id} as due`, () => this.#sweepOne(entry));
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

  async #sweepOne(entry: Entry): Promise<void> {
    const { id, autoStop, autoDelete, updatedAt } = entry.record;
    const idle = (): boolean => !this.#isBusy(id) && isPast(entry.lastUsed, autoStop);
    if (this.#isRunning(entry) && idle()) {
      await entry.queue.run(async () => {
        if (!idle()) return;
        await this.#stop(entry);
        this.#log.info(`Stopped box ${id}: no command ran for ${autoStop} s`);
      });
    } else if (entry.record.status === 'stopped' && isPast(Date.parse(updatedAt), autoDelete)) {
      await this.remove(id, false);
      this.#log.info(`Removed box ${id}: it was stopped for ${autoDelete} s`);
    }
  }

  /** Ends what an earlier server left of a running box. */
  async #settle(entry: Entry, runtime: Runtime): Promise<void> {
    const { id } = entry.record;
    try {
      if (this.#isOwn(entry) && (await runtime.isRunning(this.#spec(entry)))) return;
      await runtime.stop(this.#spec(entry));
      await this.#setStatus(entry, 'stopped');
      this.#log.info(`Box ${id} was running when the last server ended; it is stopped`);
    } catch (error) {
      this.#log.error(`Cannot end what is left of box ${id}: ${describeErrorChain(error)}`);
    }
  }

  #createdBy(repeatable: Repeatable): Entry | undefined {
    for (const entry of this.#entries.values()) {
      const { idempotency } = entry.record;
      if (idempotency?.key !== repeatable.key) continue;
      requireSameRequest(repeatable, idempotency.digest);
      return entry;
    }
    return undefined;
  }

  async #create(
    request: CreateBoxRequest,
    idempotency: BoxRecord['idempotency'],
    signal: AbortSignal | undefined,
  ): Promise<BoxView> {
    if (this.#entries.size + this.#reserved.size >= MAX_BOXES) {
      throw new ApiError('resource_exhausted', `There are ${MAX_BOXES} boxes already; remove some first`);
    }
    const name = request.name ?? suggestName((candidate) => this.#isTaken(candidate));
    if (this.#isTaken(name)) {
      throw new ApiError('already_exists', `A box named ${JSON.stringify(name)} exists already`);
    }
    this.#reserved.add(name);
    try {
      const record = newRecord({
        name,
        runtime: this.#runtime,
        request,
        ...(idempotency && { idempotency }),
      });
      const { id } = record;
      const spec = specOf(record, this.#store.dirOf(id));
      await this.#store.makeFolder(id);
      try {
        await this.#runtime.create(spec, signal);
        requireClient(signal);
        await this.#store.save(record);
      } catch (error) {
        await this.#upkeep.attempt(id, `remove what was made of box ${id}`, () => this.#runtime.remove(spec));
        this.#upkeep.forget(id);
        await this.#store.remove(id);
        throw error;
      }
      return this.#view(this.#add(record));
    } finally {
      this.#reserved.delete(name);
    }
  }

  async #ensureRunning(entry: Entry): Promise<void> {
    this.#requireOwnRuntime(this.#current(entry));
    const spec = this.#spec(entry);
    if (entry.record.status === 'running') {
      if (await this.#runtime.isRunning(spec)) return;
      await this.#setStatus(entry, 'stopped');
    }
    await this.#runtime.start(spec);
    entry.lastUsed = Date.now();
    await this.#setStatus(entry, 'running');
  }

  async #stop(entry: Entry): Promise<void> {
    if (!this.#isRunning(this.#current(entry))) return;
    entry.stopping = true;
    try {
      await this.#runtime.stop(this.#spec(entry));
      await this.#setStatus(entry, 'stopped');
    } finally {
      entry.stopping = false;
    }
  }

  async #setStatus(entry: Entry, status: BoxRecord['status']): Promise<void> {
    // It is so, whether or not that can be written down, as on a full disk.
    entry.record = { ...entry.record, status, updatedAt: new Date().toISOString() };
    await this.#store.save(entry.record);
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

  #isOwn({ record }: Entry): boolean {
    return record.runtime === this.#runtime.name;
  }

  /** No box of another runtime runs here, whatever that runtime's last server left in the record. */
  #isRunning(entry: Entry): boolean {
    return this.#isOwn(entry) && entry.record.status === 'running';
  }

  #statusOf(entry: Entry): BoxStatus {
    if (entry.stopping) return 'stopping';
    return entry.record.status === 'running' && !this.#isOwn(entry) ? 'stopped' : entry.record.status;
  }

  /** Another runtime; undefined if it does not work here. */
  async #tryRuntime(name: RuntimeName): Promise<Runtime | undefined> {
    try {
      return await this.#openRuntime(name);
    } catch (error) {
      this.#log.warn(`Cannot ask the ${name} runtime about its boxes: ${describeErrorChain(error)}`);
      return undefined;
    }
  }

  #requireOwnRuntime(entry: Entry): void {
    if (this.#isOwn(entry)) return;
    const { record } = entry;
    throw new ApiError(
      'invalid_state',
      `Box ${record.id} belongs to the ${record.runtime} runtime, and the local cloud (process ${process.pid}) runs ` +
        `${this.#runtime.name}; ${record.runtime === 'docker' ? 'start the container engine, ' : ''}end that process ` +
        `and start the local cloud with --runtime ${record.runtime} to use it`,
    );
  }

  /** Boxes are found by either, so a name is not an id of another. */
  #isTaken(name: string): boolean {
    if (this.#reserved.has(name) || this.#entries.has(name)) return true;
    return [...this.#entries.values()].some(({ record }) => record.name === name);
  }

  #spec({ record }: Entry): BoxSpec {
    return specOf(record, this.#store.dirOf(record.id));
  }

  #view(entry: Entry): BoxView {
    const notice = noticeFor(entry.record, this.#runtime);
    const stopsAt = this.#stopsAt(entry);
    return viewBox(entry.record, {
      status: this.#statusOf(entry),
      ...(notice !== undefined && { notice }),
      ...(stopsAt && { stopsAt }),
    });
  }

  /** When an idle box will be stopped if it stays so. */
  #stopsAt(entry: Entry): Date | undefined {
    const { id, autoStop } = entry.record;
    if (this.#statusOf(entry) !== 'running' || autoStop === 0 || this.#isBusy(id)) return undefined;
    return new Date(entry.lastUsed + autoStop * 1000);
  }
}

function isPast(sinceMs: number, seconds: number): boolean {
  return seconds > 0 && Date.now() - sinceMs >= seconds * 1000;
}
