import assert from 'node:assert/strict';
import { followAttention, type Attention } from '../../../src/views/attention';

const looksAtList: Attention = { isListVisible: true, isWindowFocused: true, hasBadge: false };

/** What the list is told when the attention is there. */
function toldOf(attention: Attention): string[] {
  const told: string[] = [];
  followAttention({ setPace: (pace) => void told.push(pace), wake: () => void told.push('wake') }, attention);
  return told;
}

describe('How often clouds are asked for their sandboxes', () => {
  const cases: { name: string; attention: Attention; want: readonly string[] }[] = [
    { name: 'often while the person looks at the list', attention: looksAtList, want: ['full'] },
    {
      name: 'rarely while they work in another window',
      attention: { ...looksAtList, isWindowFocused: false },
      want: ['slow'],
    },
    {
      name: 'not at all while the list is hidden',
      attention: { ...looksAtList, isListVisible: false },
      want: ['paused'],
    },
    {
      name: 'once when they come back to a window that shows how many run',
      attention: { ...looksAtList, isListVisible: false, hasBadge: true },
      want: ['paused', 'wake'],
    },
    {
      name: 'not for a number in a window that they have left',
      attention: { isListVisible: false, isWindowFocused: false, hasBadge: true },
      want: ['paused'],
    },
  ];
  for (const { name, attention, want } of cases) {
    it(name, () => assert.deepEqual(toldOf(attention), want));
  }
});
