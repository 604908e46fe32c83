import assert from 'node:assert/strict';
import {
  dateTimeText,
  messageText,
  sinceText,
  timeLeftText,
  timeText,
  withoutIcons,
} from '../../../src/views/text';

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

describe('timeLeftText', () => {
  const minute = 60_000;
  const cases = [
    { ms: 1, want: 'stops within a minute' },
    { ms: minute, want: 'stops within a minute' },
    { ms: minute + 1, want: 'stops in 2 min' },
    { ms: 119 * minute, want: 'stops in 119 min' },
    { ms: 120 * minute, want: 'stops in 2 h' },
    { ms: 47 * 60 * minute, want: 'stops in 47 h' },
    { ms: 72 * 60 * minute, want: 'stops in 3 days' },
    { ms: 0, want: undefined },
    { ms: -minute, want: undefined },
  ];
  for (const { ms, want } of cases) {
    it(`says ${want ?? 'nothing'} of ${ms} ms`, () =>
      assert.equal(timeLeftText(new Date(1_000 + ms), 1_000), want));
  }
});

describe('sinceText', () => {
  it('leaves out the date of today', () => {
    const time = new Date(2026, 4, 6, 7, 8);

    assert.equal(sinceText(time, new Date(2026, 4, 6, 23).getTime()), timeText(time));
    assert.equal(sinceText(time, new Date(2026, 4, 7, 1).getTime()), dateTimeText(time));
  });
});
