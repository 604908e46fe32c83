import assert from 'node:assert/strict';
import type { ConnectionState } from '../../../src/broker/protocol';
import { otherWindowText, sandboxWindowText } from '../../../src/views/connectionText';
import { messageText, withoutIcons } from '../../../src/views/text';

describe('messageText', () => {
  it('leaves no link that would run a command', () => {
    const text = messageText('box [click me](command:workbench.action.quit) end');

    // The pattern by which VS Code finds links in notifications.
    assert.doesNotMatch(text, /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)/i);
    assert.match(text, /click me/);
  });
});

describe('withoutIcons', () => {
  it('leaves no icon', () => {
    assert.doesNotMatch(withoutIcons('a $(bug) $(sync~spin)'), /\$\([a-z~]+\)/);
  });
});

describe('The status bar', () => {
  const state: ConnectionState = {
    connectionId: '1',
    alias: 'box-abc.vscode.sbx',
    pid: 1,
    phase: 'connected',
    since: 0,
  };
  const cases: { name: string; state?: ConnectionState; want: string; warning?: boolean }[] = [
    { name: 'nothing reported yet', want: '$(cloud) box' },
    { name: 'connecting', state: { ...state, phase: 'connecting' }, want: '$(sync~spin) box: connecting' },
    { name: 'connected', state, want: '$(cloud) box' },
    { name: 'connected, measured', state: { ...state, roundTripMs: 23.4 }, want: '$(cloud) box 23 ms' },
    {
      name: 'reconnecting',
      state: { ...state, phase: 'reconnecting' },
      want: '$(sync~spin) box: reconnecting',
      warning: true,
    },
    {
      name: 'closed',
      state: { ...state, phase: 'closed' },
      want: '$(debug-disconnect) box: disconnected',
      warning: true,
    },
  ];
  for (const { name, state: given, want, warning } of cases) {
    it(`shows a sandbox's window: ${name}`, () => {
      const shown = sandboxWindowText('box', given);

      assert.equal(shown.text, want);
      assert.equal(shown.warning, warning ?? false);
    });
  }

  it('says what a connection is doing', () => {
    const { tooltip } = sandboxWindowText('box', {
      ...state,
      phase: 'connecting',
      detail: 'starting sandbox',
    });

    assert.equal(tooltip, 'starting sandbox');
  });

  it('draws no icon from a sandbox’s name', () => {
    assert.doesNotMatch(sandboxWindowText('$(flame)', state).text, /\$\(flame\)/);
  });

  it('counts connections in other windows', () => {
    assert.equal(otherWindowText([]).text, '$(cloud) Sandboxes');
    assert.equal(otherWindowText([state]).text, '$(cloud) Sandboxes 1');
  });
});
