import assert from 'node:assert/strict';
import type { ConnectionPhase, ConnectionState } from '../../../src/broker/protocol';
import { Connections } from '../../../src/remote/connections';

const alias = 'box-abc.vscode.sbx';

function state(connectionId: string, phase: ConnectionPhase): ConnectionState {
  return { connectionId, alias, pid: 1, phase, since: 0 };
}

describe('Connections', () => {
  let connections: Connections;

  beforeEach(() => {
    connections = new Connections();
  });

  it('shows the best of several connections to one sandbox', () => {
    connections.update(state('1', 'connected'));
    connections.update(state('2', 'reconnecting'));

    assert.equal(connections.current(alias)?.phase, 'connected');
  });

  it('lists the open ones in the order in which they began, whichever reported last', () => {
    connections.update({ ...state('late', 'connected'), since: 2 });
    connections.update({ ...state('early', 'connected'), since: 1 });
    connections.update({ ...state('other', 'connected'), alias: 'other.vscode.sbx' });
    connections.update({ ...state('early', 'reconnecting'), since: 1 });

    assert.deepEqual(
      connections.of(alias).map(({ connectionId }) => connectionId),
      ['early', 'late'],
    );
  });

  it('lets go of a connection that closed, and remembers how', () => {
    connections.update(state('1', 'connected'));
    connections.update({ ...state('1', 'closed'), detail: 'ssh ended' });

    assert.equal(connections.current(alias), undefined);
    assert.equal(connections.latest(alias)?.detail, 'ssh ended');
  });

  it('does not grow without bound', () => {
    for (let n = 0; n < 1000; n++) connections.update(state(String(n), 'connected'));

    assert.equal(connections.all.length, 256);
  });

  it('tells its listeners', () => {
    const seen: ConnectionPhase[] = [];
    connections.onDidChange(({ phase }) => seen.push(phase));
    connections.update(state('1', 'connecting'));
    connections.update(state('1', 'connected'));

    assert.deepEqual(seen, ['connecting', 'connected']);
  });
});
