import assert from 'node:assert/strict';
import { joinSmall } from '../../../src/base/joinSmall';

const KIB = 1024;
const chunksOf = (...sizes: number[]): { chunk: Buffer }[] =>
  sizes.map((size, index) => ({ chunk: Buffer.alloc(size, index + 1) }));

describe('joinSmall', () => {
  const cases = [
    { name: 'nothing of nothing', sizes: [], joined: [] },
    { name: 'one chunk as it is', sizes: [5], joined: [5] },
    { name: 'small chunks as one', sizes: [1, 2, 3], joined: [6] },
    { name: 'no more than 32 KiB as one', sizes: [20 * KIB, 12 * KIB, 1], joined: [32 * KIB, 1] },
    { name: 'large chunks apart', sizes: [100 * KIB, 200 * KIB], joined: [100 * KIB, 200 * KIB] },
    {
      name: 'small chunks on either side of a large one',
      sizes: [1, 2, 100 * KIB, 3, 4],
      joined: [3, 100 * KIB, 7],
    },
  ];
  for (const { name, sizes, joined } of cases) {
    it(`makes ${name}, with every byte in its order`, () => {
      const chunks = chunksOf(...sizes);

      const messages = joinSmall(chunks);

      assert.deepEqual(
        messages.map(({ length }) => length),
        joined,
      );
      assert.ok(Buffer.concat(messages).equals(Buffer.concat(chunks.map(({ chunk }) => chunk))));
    });
  }

  it('copies no chunk that stays alone', () => {
    const chunks = chunksOf(100 * KIB, 1);

    const messages = joinSmall(chunks);

    assert.deepEqual([messages[0] === chunks[0]?.chunk, messages[1] === chunks[1]?.chunk], [true, true]);
  });
});
