import assert from 'node:assert/strict';
import { PassThrough, type Duplex } from 'node:stream';
import { createDeferred } from '../../../src/base/async';
import type { ExitStatus, RemoteProcess } from '../../../src/cloud/provider';
import { ObservedBackend } from '../../../src/connection/observedBackend';
import type { Backend, SessionRequest } from '../../../src/ssh/backend';
import { eventually } from '../../helpers/eventually';

const plain: SessionRequest = { env: {} };
const terminal: SessionRequest = {
  env: {},
  terminal: { type: 'xterm', columns: 80, rows: 24, modes: {} },
};
const signal = new AbortController().signal;

describe('ObservedBackend', () => {
  let exited: ReturnType<typeof createDeferred<ExitStatus>>;
  let streams: Duplex[];
  let changes: number;
  let stdin: PassThrough;
  let typed: number;
  let backend: ObservedBackend;

  beforeEach(() => {
    exited = createDeferred<ExitStatus>();
    streams = [];
    changes = 0;
    stdin = new PassThrough();
    typed = 0;
    const partial: Partial<RemoteProcess> = { exited: exited.promise, stdin };
    const process = partial as RemoteProcess;
    const inner: Partial<Backend> = {
      shell: () => Promise.resolve(process),
      exec: () => Promise.resolve(process),
      sftp: () => Promise.resolve(process),
      dial: () => {
        const stream = new PassThrough();
        streams.push(stream);
        return Promise.resolve(stream);
      },
    };
    backend = new ObservedBackend(
      inner as Backend,
      () => changes++,
      () => typed++,
    );
  });

  for (const { what, request, want } of [
    { what: 'tells of what is typed in a terminal', request: terminal, want: 1 },
    { what: 'does not take the input of a command for typing', request: plain, want: 0 },
  ]) {
    it(what, async () => {
      const channel = new PassThrough();
      channel.pipe((await backend.shell(request, signal)).stdin);

      channel.write('l');

      await eventually(() => assert.equal(String(stdin.read()), 'l'));
      assert.equal(typed, want);
    });
  }

  const none = { terminals: 0, commands: 0, transfers: 0, forwards: [] };

  const sessions = [
    { what: 'a shell in a terminal', start: () => backend.shell(terminal, signal), open: { terminals: 1 } },
    { what: 'a shell without one', start: () => backend.shell(plain, signal), open: { commands: 1 } },
    { what: 'a command', start: () => backend.exec('ls', plain, signal), open: { commands: 1 } },
    { what: 'SFTP', start: () => backend.sftp(signal), open: { transfers: 1 } },
  ];
  for (const { what, start, open } of sessions) {
    it(`counts ${what} until it ends`, async () => {
      await start();
      assert.deepEqual(backend.open, { ...none, ...open });
      exited.resolve({ code: 0 });

      await eventually(() => assert.deepEqual(backend.open, none));
      assert.equal(changes, 2);
    });
  }

  it('counts a session that is lost as ended', async () => {
    await backend.shell(plain, signal);
    exited.reject(new Error('lost'));

    await eventually(() => assert.deepEqual(backend.open, none));
  });

  it('tells where forwards go and how many are open', async () => {
    const web = { kind: 'tcp', host: 'localhost', port: 8080 } as const;
    await backend.dial(web, signal);
    await backend.dial(web, signal);
    await backend.dial({ kind: 'unix', path: '/run/a\nb' }, signal);
    assert.deepEqual(backend.open.forwards, [
      { target: 'localhost:8080', count: 2 },
      { target: '/run/a b', count: 1 },
    ]);
    for (const stream of streams) stream.destroy();

    await eventually(() => assert.deepEqual(backend.open.forwards, []));
  });

  it('tells of a bounded number of targets', async () => {
    for (let port = 1; port <= 100; port++) await backend.dial({ kind: 'tcp', host: 'h', port }, signal);

    assert.equal(backend.open.forwards.length, 32);
  });
});
