import assert from 'node:assert/strict';
import { formatOffer, MAX_OFFER_BYTES, parseOffer } from '../../../src/agentProtocol/pipeOffer';

describe('an offer of pipes', () => {
  const longest = { pid: 2 ** 32 - 1, input: 2n ** 64n - 1n, output: 2n ** 64n - 1n };
  for (const offer of [{ pid: 1, input: 0n, output: 1n }, longest]) {
    it(`is a line: ${formatOffer(offer).trim()}`, () => {
      const line = formatOffer(offer);

      assert.deepEqual(parseOffer(line.slice(0, -1)), offer);
      assert.ok(line.endsWith('\n') && line.length <= MAX_OFFER_BYTES);
    });
  }

  for (const line of [
    '',
    '1 2',
    '1 2 3 4',
    '0 2 3',
    '-1 2 3',
    'self 2 3',
    '1/../2 2 3',
    '1 2 3\n4',
    '1  2 3',
  ]) {
    it(`is not ${JSON.stringify(line)}`, () => assert.equal(parseOffer(line), undefined));
  }
});
