import assert from 'node:assert/strict';
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
