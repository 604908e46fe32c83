import assert from 'node:assert/strict';
import type { ConnectionState, OpenChannels } from '../../../src/broker/protocol';
import { connectionRow, forwardRow } from '../../../src/views/connectionRows';
import { timeText } from '../../../src/views/text';

const now = new Date(2026, 4, 6, 12).getTime();
const since = new Date(2026, 4, 6, 9, 30);
const options = { windowId: 'ours', now };

function state(changes: Partial<ConnectionState> = {}): ConnectionState {
  const identity = { connectionId: 'c', alias: 'box.vscode.sbx', pid: 42, since: since.getTime() };
  return { ...identity, phase: 'connected', ...changes };
}

function open(changes: Partial<OpenChannels> = {}): OpenChannels {
  return { terminals: 0, commands: 0, transfers: 0, forwards: [], ...changes };
}

const forwards = [{ target: 'localhost:8080', count: 2 }];

describe('connectionRow', () => {
  const uses: { what: string; is: Partial<ConnectionState>; want: string }[] = [
    { what: 'a terminal that this window opened', is: { windowId: 'ours' }, want: 'Terminal in this window' },
    { what: 'one of another window', is: { windowId: 'theirs' }, want: 'Terminal in another window' },
    {
      what: 'a terminal of another program',
      is: { channels: open({ terminals: 1 }), terminalProgram: 'iTerm.app' },
      want: 'Terminal (iTerm)',
    },
    {
      what: 'an ssh that was typed in an editor’s terminal',
      is: { channels: open({ terminals: 1 }), terminalProgram: 'vscode' },
      want: 'Terminal of an editor',
    },
    { what: 'a terminal of who knows what', is: { channels: open({ terminals: 1 }) }, want: 'Terminal' },
    { what: 'Remote-SSH', is: { channels: open({ commands: 1, forwards }) }, want: 'Editor window' },
    { what: 'a command', is: { channels: open({ commands: 1 }) }, want: 'Command' },
    { what: 'sftp', is: { channels: open({ transfers: 1 }) }, want: 'File transfer' },
    { what: 'ssh -N -L', is: { channels: open({ forwards }) }, want: 'Port forwarding' },
    { what: 'an idle one', is: { channels: open() }, want: 'Connection' },
    { what: 'one that is being made', is: { phase: 'connecting' }, want: 'Connection' },
  ];
  for (const { what, is, want } of uses) {
    it(`calls ${what} “${want}”`, () => assert.equal(connectionRow(state(is), options).label, want));
  }

  it('shows the round-trip time and since when', () => {
    const { description } = connectionRow(state({ roundTripMs: 23.6 }), options);

    assert.equal(description, `24 ms · since ${timeText(since)}`);
  });

  it('says first what is wrong', () => {
    const { description } = connectionRow(state({ phase: 'connecting', detail: 'starting it' }), options);

    assert.equal(description, `connecting: starting it · since ${timeText(since)}`);
  });

  it('shows the names of others harmlessly', () => {
    const channels = open({ terminals: 1 });
    const { label } = connectionRow(state({ channels, terminalProgram: 'a\n\u202Eb' }), options);

    assert.equal(label, 'Terminal (a b)');
  });
});

describe('forwardRow', () => {
  it('tells where forwarded connections go, and how many', () => {
    const { label, description } = forwardRow({ target: 'localhost:8080', count: 2 });

    assert.equal(`${label}: ${description}`, 'localhost:8080: 2 forwarded connections');
    assert.equal(forwardRow({ target: 'x', count: 1 }).description, '1 forwarded connection');
  });
});
