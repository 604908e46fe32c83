import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { createDeferred } from '../../../src/base/async';
import { DisposableStore } from '../../../src/base/disposable';
import { silentLogger } from '../../../src/base/logger';
import { isAskedFor, requestGrant } from '../../../src/broker/client';
import type { ConnectionState, Grant, GrantAnswer } from '../../../src/broker/protocol';
import { BrokerServer, type BrokerServerOptions } from '../../../src/broker/server';
import { eventually } from '../../helpers/eventually';
import { useTempDir } from '../../helpers/tempDir';

const alias = 'web-aaaabbbbcccc.vscode.sbx';
const grant: Grant = {
  alias,
  sandbox: { id: 'box', name: 'web' },
  endpoint: {
    provider: 'boxlite',
    baseUrl: 'http://127.0.0.1:1',
    token: 'secret',
    network: { extraCa: ['x'.repeat(300_000)], noProxy: ['*'], strictTls: false },
  },
  hostKey: 'host key',
  userKey: 'user key',
  mayStart: true,
  backend: 'auto',
};
const granted: GrantAnswer = { ok: true, grant };
const unknown: GrantAnswer = { ok: false, reason: 'unknown-alias', message: 'no such sandbox' };
const notRunning: GrantAnswer = { ok: false, reason: 'not-running', message: 'Start it first' };
const signedOut: GrantAnswer = { ok: false, reason: 'signed-out', message: 'Sign in to Example again' };

describe('broker', () => {
  const temp = useTempDir();
  let owned: DisposableStore;
  beforeEach(() => {
    owned = new DisposableStore();
  });
  afterEach(() => owned.dispose());

  const dir = (): string => path.join(temp.path, 'run');
  const serve = async (
    answer: GrantAnswer | (() => Promise<GrantAnswer>),
    more: Partial<BrokerServerOptions> = {},
  ): Promise<BrokerServer> =>
    owned.add(
      await BrokerServer.start({
        dir: dir(),
        editor: 'vscode',
        grant: () => (typeof answer === 'function' ? answer() : Promise.resolve(answer)),
        onState: () => undefined,
        log: silentLogger,
        ...more,
      }),
    );
  const ask = (waitMs = 10_000, signal = new AbortController().signal): Promise<Grant> =>
    requestGrant({ dir: dir(), alias, signal, waitMs, log: silentLogger });

  it('gives a grant as it is', async () => {
    await serve(granted);
    assert.deepEqual(await ask(), grant);
  });

  it('passes on endpoint settings that it does not know', async () => {
    const endpoint = { ...grant.endpoint, organisation: 'acme' };
    await serve({ ok: true, grant: { ...grant, endpoint } });
    assert.deepEqual((await ask()).endpoint, endpoint);
  });

  it('is reachable for its user only, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      const broker = await serve(granted);
      assert.equal(statSync(dir()).mode & 0o777, 0o700);
      assert.equal(statSync(broker.file).mode & 0o777, 0o600);
    } finally {
      process.umask(umask);
    }
  });

  it('makes a folder private that was not', async () => {
    mkdirSync(dir());
    chmodSync(dir(), 0o777);
    await serve(granted);
    assert.equal(statSync(dir()).mode & 0o777, 0o700);
  });

  it('does not serve or ask in a folder that is a symlink', async () => {
    symlinkSync(temp.path, dir());
    await assert.rejects(serve(granted), { code: 'unsafe' });
    await assert.rejects(ask(), { code: 'unsafe' });
  });

  it('leaves nothing behind', async () => {
    (await serve(granted)).dispose();
    assert.deepEqual(readdirSync(dir()), []);
  });

  it('sweeps sockets of windows that were killed, and no others', async () => {
    const living = await serve(granted);
    const dead = path.join(dir(), 'vscode-4194304-aaaaaaaa.sock');
    await leaveDeadSocket(dead);
    writeFileSync(path.join(dir(), 'other'), '');
    const second = await serve(granted);
    const names = [living.file, second.file, 'other'].map((file) => path.basename(file));
    assert.deepEqual(readdirSync(dir()).sort(), names.sort());
  });

  it('passes a dead socket by', async () => {
    await serve(granted);
    await leaveDeadSocket(path.join(dir(), 'vscode-4194304-aaaaaaaa.sock'));
    assert.deepEqual(await ask(), grant);
  });

  it('asks the windows of the editor first', async () => {
    const asked: string[] = [];
    for (const editor of ['aaa', 'vscode', 'zzz']) {
      await serve(
        () => {
          asked.push(editor);
          return Promise.resolve(granted);
        },
        { editor },
      );
    }
    await ask();
    assert.deepEqual(asked, ['vscode']);
  });

  const passedBy: { name: string; answer: () => Promise<GrantAnswer> }[] = [
    { name: 'does not know the alias', answer: () => Promise.resolve(unknown) },
    { name: 'is signed out', answer: () => Promise.resolve(signedOut) },
    { name: 'hangs', answer: () => new Promise(() => undefined) },
    { name: 'fails', answer: () => Promise.reject(new Error('boom')) },
    { name: 'answers nonsense', answer: () => Promise.resolve({ ok: true } as GrantAnswer) },
    {
      name: 'means another sandbox',
      answer: () => Promise.resolve({ ok: true, grant: { ...grant, alias: 'x' } }),
    },
  ];
  for (const { name, answer } of passedBy) {
    it(`asks the next window when one ${name}`, async () => {
      await serve(answer);
      await serve(granted, { editor: 'cursor' });
      assert.deepEqual(await ask(5000), grant);
    });
  }

  it('tells a hanging window that nobody waits any more', async () => {
    const cancelled = createDeferred<true>();
    await serve(granted, {
      grant: (_alias, signal) => {
        signal.addEventListener('abort', () => cancelled.resolve(true));
        return new Promise(() => undefined);
      },
    });
    await assert.rejects(ask(1500), { code: 'no-broker' });
    assert.ok(await cancelled.promise);
  });

  it('lets a window think for as long as it waits itself: it may be starting a cloud', async () => {
    const started = createDeferred<GrantAnswer>();
    await serve(() => started.promise);
    await serve(() => Promise.resolve(unknown).finally(() => started.resolve(granted)), { editor: 'other' });
    assert.deepEqual(await ask(10_000), grant);
  });

  it('asks a window that thinks only once', async () => {
    let calls = 0;
    await serve(() => {
      calls++;
      return new Promise(() => undefined);
    });
    await assert.rejects(ask(3000), { code: 'no-broker' });
    assert.equal(calls, 1);
  });

  it('is not held up by windows that hang', async () => {
    for (let window = 0; window < 3; window++) await serve(() => new Promise(() => undefined));
    await serve(granted, { editor: 'other' });
    const start = Date.now();
    await ask(20_000);
    assert.ok(Date.now() - start < 10_000);
  });

  it('tells the other windows that one has granted', async () => {
    const cancelled = createDeferred<true>();
    await serve(granted, {
      grant: (_alias, signal) => {
        signal.addEventListener('abort', () => cancelled.resolve(true));
        return new Promise(() => undefined);
      },
    });
    await serve(granted, { editor: 'other' });
    await ask(5000);
    assert.ok(await cancelled.promise);
  });

  it('waits for a window that opens', async () => {
    const answer = ask(10_000);
    await serve(granted);
    assert.deepEqual(await answer, grant);
  });

  it('waits until a window knows the alias', async () => {
    let calls = 0;
    await serve(() => Promise.resolve(++calls > 2 ? granted : unknown));
    assert.deepEqual(await ask(10_000), grant);
  });

  const failures = [
    { name: 'no window', code: 'no-broker', message: /start the editor "vscode" and try again$/ },
    {
      name: 'windows of another editor only',
      answer: unknown,
      editor: 'cursor',
      code: 'no-broker',
      message: /start the editor "vscode" and try again$/,
    },
    {
      name: 'no window that knows the alias',
      answer: unknown,
      code: 'unknown-alias',
      message: /refresh the list/,
    },
    { name: 'a cloud that does not run', answer: notRunning, code: 'not-running', message: /^Start it/ },
    {
      name: 'a window that is signed out',
      answer: signedOut,
      code: 'signed-out',
      message: /^Sign in to Example/,
    },
  ];
  for (const { name, answer, editor, code, message } of failures) {
    it(`says in one line what to do with ${name}`, async () => {
      if (answer) await serve(answer, editor === undefined ? {} : { editor });
      await assert.rejects(ask(answer ? 2000 : 300), (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /[\r\n]/);
        return true;
      });
    });
  }

  it('does not wait when signed out: only the user can change that', async () => {
    await serve(signedOut);
    const start = Date.now();
    await assert.rejects(ask(20_000), { code: 'signed-out' });
    assert.ok(Date.now() - start < 10_000);
  });

  describe('asked whether a person wants the sandbox just now', () => {
    const unasked: GrantAnswer = { ok: true, grant: { ...grant, mayStart: false } };
    const isAsked = (waitMs = 60_000): Promise<boolean> =>
      isAskedFor({ dir: dir(), alias, signal: new AbortController().signal, waitMs, log: silentLogger });

    it('says so where any window of the editor does', async () => {
      for (const answer of [unasked, unknown, granted]) await serve(answer);
      assert.equal(await isAsked(), true);
    });

    it('says so at once though another window hangs', async () => {
      await serve(() => new Promise(() => undefined));
      await serve(granted);
      assert.equal(await isAsked(), true);
    });

    it('does not where none does, or only another editor’s, or one that hangs', async () => {
      await serve(unasked);
      await serve(granted, { editor: 'cursor' });
      await serve(() => new Promise(() => undefined));
      assert.equal(await isAsked(1000), false);
    });

    it('does not where there is no window at all', async () => assert.equal(await isAsked(), false));
  });

  it('ends a wait at once when it is cancelled', async () => {
    const cancel = new AbortController();
    const answer = ask(20_000, cancel.signal);
    cancel.abort(new Error('ssh went away'));
    await assert.rejects(answer, { message: 'ssh went away' });
  });

  it('is asked for many grants at once', async () => {
    await serve(granted);
    const all = await Promise.all(Array.from({ length: 30 }, () => ask(5000)));
    assert.ok(all.every((each) => each.alias === alias));
  });

  const hostile = [
    { name: 'too large a message', bytes: 'Content-Length: 70000\r\n\r\n' },
    { name: 'another protocol', bytes: `GET / HTTP/1.1\r\nHost: x\r\n\r\n` },
    { name: 'no JSON', bytes: 'Content-Length: 3\r\n\r\n{{{' },
    { name: 'no JSON-RPC', bytes: 'Content-Length: 2\r\n\r\n[]' },
    { name: 'nothing', bytes: '' },
  ];
  for (const { name, bytes } of hostile) {
    it(`drops a peer that sends ${name}, and goes on`, async () => {
      const broker = await serve(granted, { idleMs: 100 });
      const socket = net.connect(broker.file);
      socket.on('error', () => undefined);
      socket.write(bytes);
      await closed(socket);
      assert.deepEqual(await ask(), grant);
    });
  }

  for (const params of ['[]', '[1,2]', '{}', '{"alias":7}', `{"alias":"${'x'.repeat(300)}"}`]) {
    it(`refuses a request with the parameters ${params.slice(0, 30)}`, async () => {
      const broker = await serve(granted);
      const body = `{"jsonrpc":"2.0","id":1,"method":"sandbox/grant","params":${params}}`;
      const socket = net.connect(broker.file);
      owned.defer(() => socket.destroy());
      socket.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
      const answer = await new Promise<string>((resolve) =>
        socket.once('data', (data) => resolve(String(data))),
      );
      assert.match(answer, /"error"/);
      assert.doesNotMatch(answer, /secret/);
    });
  }

  it('hears of the states of a connection, and of its end', async () => {
    const states: ConnectionState[] = [];
    const broker = await serve(granted, { onState: (state) => states.push(state) });
    const state = { connectionId: 'c', alias, pid: 1, phase: 'connected', since: 5, roundTripMs: 3 };
    const socket = net.connect(broker.file);
    for (const params of [{ ...state, phase: 'dancing' }, state]) {
      const body = JSON.stringify({ jsonrpc: '2.0', method: 'connection/state', params });
      socket.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    }
    await eventually(() => assert.deepEqual(states, [state]));
    socket.destroy();
    await eventually(() => assert.equal(states.at(-1)?.phase, 'closed'));
  });
});

/** A socket file as a killed process leaves it: node removes its own when it closes them, so it is renamed before. */
async function leaveDeadSocket(file: string): Promise<void> {
  const { rename } = await import('node:fs/promises');
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(`${file}.tmp`, resolve));
  await rename(`${file}.tmp`, file);
  await new Promise((resolve) => server.close(resolve));
}

function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
