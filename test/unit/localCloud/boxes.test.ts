import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { mock } from 'node:test';
import { createDeferred } from '../../../src/base/async';
import { silentLogger } from '../../../src/base/logger';
import type { BoxRecord } from '../../../src/localCloud/boxRecord';
import { Boxes } from '../../../src/localCloud/boxes';
import { newRecord } from '../../../src/localCloud/newBox';
import type { Runtime, RuntimeName } from '../../../src/localCloud/runtimes/runtime';
import { BoxStore } from '../../../src/localCloud/store';
import { useTempDir } from '../../helpers/tempDir';

describe('Boxes', () => {
  const dir = useTempDir();
  let logged: string[];
  let busy: Set<string>;

  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'] });
    logged = [];
    busy = new Set();
  });
  afterEach(() => mock.timers.reset());

  const save = async (name: string, runtime: RuntimeName, more: Partial<BoxRecord> = {}) => {
    const record = {
      ...newRecord({ name, runtime: { name: runtime }, request: {} }),
      status: 'running' as const,
      ...more,
    };
    const store = new BoxStore(dir.path);
    await store.makeFolder(record.id);
    await store.save(record);
    return record;
  };

  /** The boxes of a new server with the docker runtime. `other`: the one runtime that works beside it. */
  const load = async (runtime: Partial<Runtime>, other?: Runtime): Promise<Boxes> => {
    const log = (message: string): void => void logged.push(message);
    const boxes = new Boxes({
      store: new BoxStore(dir.path),
      runtime: { ...idleRuntime('docker'), ...runtime },
      openRuntime: (name) =>
        name === other?.name ? Promise.resolve(other) : Promise.reject(new Error(`no ${name} here`)),
      isBusy: (id) => busy.has(id),
      log: { ...silentLogger, warn: log, error: log },
    });
    await boxes.load();
    return boxes;
  };

  it('loads the others when the runtime fails for one, and names that one', async () => {
    const bad = await save('bad', 'docker');
    await save('good', 'docker');

    const boxes = await load({
      isRunning: ({ id }) =>
        id === bad.id ? Promise.reject(new Error('engine trouble')) : Promise.resolve(false),
    });

    assert.equal(boxes.get('good').status, 'stopped');
    assert.equal(boxes.get('bad').status, 'running');
    assert.equal(logged.length, 1);
    assert.match(logged[0]!, new RegExp(`${bad.id}.*engine trouble`));
  });

  it('tells when an idle box will be stopped, and nothing while a command runs in it', async () => {
    const { id } = await save('idle', 'docker', { autoStop: 60 });
    const boxes = await load({ isRunning: () => Promise.resolve(true) });
    mock.timers.setTime(5_000);

    boxes.touch(id);
    assert.equal(boxes.get(id).stops_at, new Date(65_000).toISOString());
    busy.add(id);
    assert.equal(boxes.get(id).stops_at, undefined);
  });

  it('tells no time for a box that is never stopped', async () => {
    const { id } = await save('lasting', 'docker', { autoStop: 0 });
    const boxes = await load({ isRunning: () => Promise.resolve(true) });

    assert.equal(boxes.get(id).stops_at, undefined);
  });

  it('stops the other idle boxes when one does not stop, and says so once', async () => {
    const old = { autoStop: 1 };
    const bad = await save('bad', 'docker', { ...old, createdAt: '2020-01-01T00:00:00.000Z' });
    await save('good', 'docker', old);
    const boxes = await load({
      isRunning: () => Promise.resolve(true),
      stop: ({ id }) => (id === bad.id ? Promise.reject(new Error('stuck')) : Promise.resolve()),
    });
    mock.timers.tick(1_000);

    for (let sweep = 0; sweep < 5; sweep++) await boxes.sweep();

    assert.equal(boxes.get('good').status, 'stopped');
    assert.equal(boxes.get('bad').status, 'running');
    assert.equal(logged.length, 1);
  });

  it('gives no box the id of another for its name: it would be found by it', async () => {
    const { id } = await save('first', 'docker');
    const boxes = await load({});

    await assert.rejects(boxes.create({ request: { name: id } }), { code: 'already_exists' });
  });

  describe('on a full disk', () => {
    const full = (): Promise<void> => Promise.reject(new Error('ENOSPC'));
    const running = new Set<string>();
    const runtime: Partial<Runtime> = {
      start: ({ id }) => Promise.resolve(void running.add(id)),
      stop: ({ id }) => Promise.resolve(void running.delete(id)),
      isRunning: ({ id }) => Promise.resolve(running.has(id)),
    };
    let boxes: Boxes;
    beforeEach(async () => {
      running.clear();
      await save('box', 'docker', { status: 'stopped' });
      boxes = await load(runtime);
      mock.method(BoxStore.prototype, 'save', full);
    });
    afterEach(() => mock.restoreAll());

    it('knows of a box that it started, and stops it', async () => {
      await assert.rejects(boxes.start('box'), /ENOSPC/);
      assert.equal(boxes.get('box').status, 'running');

      await assert.rejects(boxes.stop('box'), /ENOSPC/);
      assert.equal(boxes.get('box').status, 'stopped');
      assert.equal(running.size, 0);
    });

    it('creates no box, and leaves nothing of it', async () => {
      const removed: string[] = [];
      const { box_id: id } = boxes.get('box');
      boxes = await load({ ...runtime, remove: (box) => Promise.resolve(void removed.push(box.id)) });

      await assert.rejects(boxes.create({ request: {} }), /ENOSPC/);

      assert.equal(removed.length, 1);
      assert.deepEqual(readdirSync(dir.path), [id]);
    });

    it('leaves nothing running at its end', async () => {
      await assert.rejects(boxes.start('box'), /ENOSPC/);

      await boxes.stopAll();

      assert.equal(running.size, 0);
    });
  });

  describe('while one is being created', () => {
    let boxes: Boxes;
    beforeEach(async () => {
      const fetchesImage = createDeferred<undefined>();
      boxes = await load({
        create: () => {
          fetchesImage.resolve(undefined);
          return new Promise(() => undefined);
        },
      });
      void boxes.create({ request: { name: 'new' } });
      await fetchesImage.promise;
    });

    it('need their server', () => assert.equal(boxes.isNeeded, true));

    it('are none if that is cut short', async () => {
      const successor = await load({});

      assert.deepEqual(successor.list({ pageSize: 10 }).boxes, []);
    });
  });

  describe('whose clients go while it is being created', () => {
    const request = { name: 'new' };
    const runtime = new EventEmitter();
    let removed: number;
    let boxes: Boxes;
    beforeEach(async () => {
      removed = 0;
      boxes = await load({
        create: async (_, signal) => {
          const given = once(signal!, 'abort');
          runtime.emit('create', signal);
          await given;
        },
        remove: () => {
          removed++;
          return Promise.resolve();
        },
      });
    });

    /** Asks for the box; resolves, once the runtime makes it, with what became of it and the runtime's signal. */
    const begin = async (client: AbortController, idempotencyKey?: string) => {
      const begun = once(runtime, 'create');
      const { signal } = client;
      const created = boxes.create({ request, signal, ...(idempotencyKey && { idempotencyKey }) });
      const refused = assert.rejects(created, { code: 'invalid_state' });
      const [given] = (await begun) as [AbortSignal];
      return { given, refused };
    };

    for (const key of [undefined, 'key']) {
      it(`are given up ${key ? 'with' : 'without'} a key, and leave nothing`, async () => {
        const client = new AbortController();
        const { refused } = await begin(client, key);

        client.abort();

        await refused;
        assert.equal(removed, 1);
        assert.deepEqual(readdirSync(dir.path), []);
        assert.equal(boxes.isNeeded, false);
      });
    }

    it('go on for another that asked with the same key', async () => {
      const clients = [new AbortController(), new AbortController()] as const;
      const { given, refused } = await begin(clients[0], 'key');
      const joined = boxes.create({ request, idempotencyKey: 'key', signal: clients[1].signal });

      clients[0].abort();
      assert.equal(given.aborted, false);
      clients[1].abort();

      await Promise.all([refused, assert.rejects(joined, { code: 'invalid_state' })]);
    });

    it('begin anew for one that comes back', async () => {
      const [client, again] = [new AbortController(), new AbortController()];
      const first = await begin(client, 'key');
      client.abort();
      const second = await begin(again, 'key');

      await first.refused;
      assert.notEqual(second.given, first.given);
      again.abort();
      await second.refused;
    });
  });

  it('count one that ended behind our back, and cannot be started again, as stopped', async () => {
    const { id } = await save('gone', 'docker');
    let isRunning = true;
    const boxes = await load({
      isRunning: () => Promise.resolve(isRunning),
      start: () => Promise.reject(new Error('no such container')),
    });
    isRunning = false;

    await assert.rejects(boxes.use(id), /no such container/);

    assert.equal(boxes.get(id).status, 'stopped');
  });

  it('limits a box only where that was asked for, since not every engine can', async () => {
    const limits: unknown[] = [];
    const boxes = await load({
      create: ({ cpus, memoryMib }) => Promise.resolve(void limits.push({ cpus, memoryMib })),
    });

    const free = await boxes.create({ request: {} });
    const limited = await boxes.create({ request: { cpus: 2, memory_mib: 512 } });

    assert.deepEqual(limits, [
      { cpus: undefined, memoryMib: undefined },
      { cpus: 2, memoryMib: 512 },
    ]);
    assert.ok(free.cpus > 0 && free.memory_mib > 0);
    assert.deepEqual([limited.cpus, limited.memory_mib], [2, 512]);
  });

  it('counts no box of another runtime as running', async () => {
    const { id } = await save('foreign', 'process');

    const boxes = await load({});

    assert.equal(boxes.isNeeded, false);
    assert.equal(boxes.get(id).status, 'stopped');
    assert.equal((await boxes.stop(id)).status, 'stopped');
  });

  it("removes a box of another runtime through that runtime, and the box's files without it", async () => {
    const reachable = await save('reachable', 'process');
    const orphan = await save('orphan', 'bubblewrap');
    const removed: string[] = [];
    const other = {
      ...idleRuntime('process'),
      remove: ({ id }: { id: string }) => Promise.resolve(void removed.push(id)),
    };
    const boxes = await load({}, other);

    await boxes.remove(reachable.id, false);
    await boxes.remove(orphan.id, true);

    assert.deepEqual(removed, [reachable.id]);
    for (const { id } of [reachable, orphan]) assert.equal(existsSync(path.join(dir.path, id)), false);
  });
});

/** A runtime whose boxes are never running and never fail. */
function idleRuntime(name: RuntimeName): Runtime {
  const nothing = (): Promise<void> => Promise.resolve();
  const unexpected = (): never => assert.fail('not part of these tests');
  return {
    name,
    create: nothing,
    start: nothing,
    stop: nothing,
    remove: nothing,
    isRunning: () => Promise.resolve(false),
    exec: unexpected,
    putArchive: unexpected,
    getArchive: unexpected,
  };
}
