import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { ConnectionState } from '../../../src/broker/protocol';
import { Connections } from '../../../src/remote/connections';
import type { LinkStatus } from '../../../src/remote/linkState';
import type { SandboxFacts } from '../../../src/remote/sandboxFacts';
import { WindowLink } from '../../../src/remote/windowLink';
import { Emitter } from '../../../src/sandboxes/emitter';

const alias = 'web-k3x9.vscode.sbx';

function state(phase: ConnectionState['phase'], more: Partial<ConnectionState> = {}): ConnectionState {
  return { connectionId: '1', alias, pid: 1, since: 0, phase, ...more };
}

describe('WindowLink', () => {
  let connections: Connections;
  let facts: SandboxFacts;
  let factsChanged: Emitter<undefined>;
  let now: number;
  let link: WindowLink;
  let seen: LinkStatus['kind'][];

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    connections = new Connections();
    facts = { status: 'running', isSignedIn: true };
    factsChanged = new Emitter();
    now = 0;
    seen = [];
    open();
  });

  afterEach(() => {
    link.dispose();
    mock.timers.reset();
  });

  function open(): void {
    link = new WindowLink({
      alias,
      connections,
      facts: () => facts,
      onDidChangeFacts: factsChanged.event,
      now: () => now,
    });
    link.onDidChange(({ kind }) => seen.push(kind));
  }

  function pass(ms: number): void {
    now += ms;
    mock.timers.tick(ms);
  }

  it('follows its connections and the clock', () => {
    connections.update(state('connecting'));
    connections.update(state('connected'));
    connections.update(state('closed'));
    pass(1_500);
    pass(45_000);

    assert.deepEqual(seen, ['connecting', 'connected', 'reconnecting', 'lost']);
  });

  it('tells only of what looks different', () => {
    connections.update(state('connected', { roundTripMs: 20 }));
    connections.update(state('connected', { roundTripMs: 21 }));
    factsChanged.fire(undefined);

    assert.deepEqual(seen, ['connected']);
  });

  it('knows the connections from before it', () => {
    connections.update(state('connected'));
    link.dispose();
    open();

    assert.equal(link.status.kind, 'connected');
  });

  it('leaves other sandboxes and terminals alone', () => {
    connections.update(state('connected', { alias: 'other.vscode.sbx' }));
    connections.update(state('connected', { windowId: 'w1' }));

    assert.equal(link.status.kind, 'waiting');
  });

  it('follows what the cloud says', () => {
    facts = { status: 'stopped', isSignedIn: true };
    factsChanged.fire(undefined);
    assert.equal(link.status.kind, 'stopped');

    facts = { status: 'running', isSignedIn: false };
    factsChanged.fire(undefined);
    assert.equal(link.status.kind, 'signed-out');
  });

  it('leaves no timer behind', () => {
    connections.update(state('connected'));
    connections.update(state('closed'));
    link.dispose();
    pass(60_000);

    assert.deepEqual([link.status.kind, seen], ['connected', ['connected']]);
  });
});
