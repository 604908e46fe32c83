import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { getArchive, putArchive } from '../../../src/localCloud/runtimes/archive';
import { failedProcess } from '../../../src/processes/hostProcess';

const cases = [
  { what: 'a box without tar', exit: 127, code: 'unsupported', says: /no tar program/ },
  { what: 'a path that is not there', exit: 3, code: 'no-such-path', says: /No such file or folder: \/x/ },
  { what: 'anything else', exit: 2, code: 'failed', says: /tar: broken/ },
];

describe('Archives of a box', () => {
  for (const { what, exit, code, says } of cases) {
    const exec = () => Promise.resolve(failedProcess('tar: broken', exit));
    const isRight = (error: Error & { code?: string }): boolean =>
      error.code === code && says.test(error.message);

    it(`tell ${what} when sending`, () => assert.rejects(getArchive(exec, '/x'), isRight));
    it(`tell ${what} when receiving`, () =>
      assert.rejects(putArchive(exec, '/x', Readable.from(['tar'])), isRight));
  }
});
