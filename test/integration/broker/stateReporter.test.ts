import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { DisposableStore } from '../../../src/base/disposable';
import { silentLogger } from '../../../src/base/logger';
import type { ConnectionState } from '../../../src/broker/protocol';
import { BrokerServer, type BrokerServerOptions } from '../../../src/broker/server';
import { StateReporter } from '../../../src/broker/stateReporter';
import { eventually } from '../../helpers/eventually';
import { useTempDir } from '../../helpers/tempDir';

const run = promisify(execFile);
const alias = 'web-aaaabbbbcccc.vscode.sbx';
const connecting: ConnectionState = { connectionId: 'c', alias, pid: 1, phase: 'connecting', since: 5 };
const connected: ConnectionState = { ...connecting, phase: 'connected', roundTripMs: 7 };

interface OpenWindow {
  /** What it was told. */
  readonly states: ConnectionState[];
  readonly close: () => void;
}

describe('StateReporter', () => {
  const temp = useTempDir();
  let owned: DisposableStore;
  beforeEach(() => {
    owned = new DisposableStore();
  });
  afterEach(() => owned.dispose());

  const dir = (): string => path.join(temp.path, 'run');
  const openWindow = async ({
    editor = 'vscode',
    ...patience
  }: Partial<Pick<BrokerServerOptions, 'editor' | 'idleMs'>> = {}): Promise<OpenWindow> => {
    const states: ConnectionState[] = [];
    const broker = await BrokerServer.start({
      dir: dir(),
      editor,
      grant: () => Promise.reject(new Error('not asked here')),
      onState: (state) => states.push(state),
      log: silentLogger,
      ...patience,
    });
    owned.add(broker);
    return { states, close: () => broker.dispose() };
  };
  /** Connects to the window and says nothing, for as long as it bears that. */
  const idlePeerIsDropped = async (): Promise<void> => {
    const [socket] = readdirSync(dir()).filter((name) => name.endsWith('.sock'));
    assert.ok(socket);
    await once(net.connect(path.join(dir(), socket)).resume(), 'close');
  };
  const createReporter = (): StateReporter =>
    owned.add(new StateReporter({ dir: dir(), editor: 'vscode', log: silentLogger, rescanMs: 100 }));

  it('tells every window of its editor, and no other', async () => {
    const windows = [await openWindow(), await openWindow()];
    const other = await openWindow({ editor: 'cursor' });
    createReporter().report(connected);
    for (const { states } of windows) await eventually(() => assert.deepEqual(states, [connected]));
    assert.deepEqual(other.states, []);
  });

  it('tells a window that opens later the latest state', async () => {
    await openWindow();
    const reporter = createReporter();
    reporter.report(connecting);
    reporter.report(connected);
    const late = await openWindow();
    await eventually(() => assert.deepEqual(late.states, [connected]));
  });

  it('delivers the last state when flushed, though nothing waited before', async () => {
    const { states } = await openWindow();
    const reporter = createReporter();
    reporter.report(connected);
    reporter.report({ ...connected, phase: 'closed', detail: 'deleted' });
    await reporter.flush();
    await eventually(() => assert.equal(states.at(-1)?.detail, 'deleted'));
  });

  it('delivers the last state of several when flushed and gone at once', async () => {
    const { states } = await openWindow();
    for (const connectionId of Array.from({ length: 20 }, (_, index) => String(index))) {
      const reporter = createReporter();
      reporter.report({ ...connected, connectionId });
      await eventually(() => assert.equal(states.at(-1)?.connectionId, connectionId));

      reporter.report({ ...connected, connectionId, phase: 'reconnecting' });
      reporter.report({ ...connected, connectionId, phase: 'closed', reason: 'stopped' });
      await reporter.flush();
      reporter.dispose();

      await eventually(() => assert.equal(states.at(-1)?.phase, 'closed'));
      assert.equal(states.at(-1)?.reason, 'stopped');
    }
  });

  it('keeps its link although the state stays the same for longer than a window waits for idle peers', async () => {
    const { states } = await openWindow({ idleMs: 500 });
    const reporter = createReporter();
    reporter.report(connected);
    for (let peer = 0; peer < 3; peer++) await idlePeerIsDropped();
    assert.deepEqual(states, [connected]);
  });

  it('is reported as closed by the window when it goes without a word', async () => {
    const { states } = await openWindow();
    const reporter = createReporter();
    reporter.report(connected);
    await eventually(() => assert.equal(states.length, 1));
    reporter.dispose();
    await eventually(() => assert.equal(states.at(-1)?.phase, 'closed'));
    assert.equal(states.at(-1)?.connectionId, 'c');
  });

  it('goes on when windows close', async () => {
    const first = await openWindow();
    const reporter = createReporter();
    reporter.report(connecting);
    await eventually(() => assert.equal(first.states.length, 1));
    first.close();
    const second = await openWindow();
    reporter.report(connected);
    await eventually(() => assert.deepEqual(second.states.at(-1), connected));
  });

  it('shortens what a window would refuse', async () => {
    const { states } = await openWindow();
    createReporter().report({ ...connected, detail: `line\n${'x'.repeat(5000)}` });
    await eventually(() => assert.equal(states[0]?.detail?.length, 500));
  });

  it('keeps the latest state only, while a window does not read', async () => {
    mkdirSync(dir(), { mode: 0o700 });
    const sockets: net.Socket[] = [];
    const stuck = net.createServer((socket) => sockets.push(socket.pause()));
    await new Promise<void>((resolve) => stuck.listen(path.join(dir(), 'vscode-1-aaaaaaaa.sock'), resolve));
    owned.defer(() => {
      stuck.close();
      for (const socket of sockets) socket.destroy();
    });
    const reporter = createReporter();
    reporter.report(connecting);
    await eventually(() => assert.equal(sockets.length, 1));
    for (let count = 0; count < 50_000; count++) reporter.report({ ...connected, roundTripMs: count });
    await reporter.flush(200);

    let received = '';
    sockets[0]!.on('data', (chunk: Buffer) => (received += chunk.toString())).resume();
    await eventually(() => assert.match(received, /"roundTripMs":49999\b/));
    // The first, what was on its way, and the latest.
    const count = received.match(/"connectionId"/g)?.length ?? 0;
    assert.ok(count <= 3, `${count} states came`);
  });

  it('never throws, whatever is in the folder', async () => {
    const reporter = createReporter();
    reporter.report(connecting);
    await reporter.flush();
    mkdirSync(dir(), { mode: 0o700 });
    writeFileSync(path.join(dir(), 'vscode-1-aaaaaaaa.sock'), 'not a socket');
    writeFileSync(path.join(dir(), 'vscode-1-bbbbbbbb.pipe'), 'not a pipe');
    reporter.report(connected);
    await reporter.flush();
    reporter.dispose();
    reporter.report(connected);
  });

  it('does not keep its process alive', async () => {
    const { states } = await openWindow();
    const program = path.join(import.meta.dirname, 'reportingProcess.ts');
    await run(process.execPath, ['--import', 'tsx', program, dir(), alias], { timeout: 10_000 });
    await eventually(() =>
      assert.deepEqual(
        states.map(({ phase }) => phase),
        ['connected', 'closed'],
      ),
    );
  });
});
