import assert from 'node:assert/strict';
import { parseReport, type Absence } from '../../../../../src/ssh/backends/agent/lookScript';
import { failureIn, siteFor } from '../../../../../src/ssh/backends/agent/reach';

const absence: Absence = {
  kind: 'absent',
  why: 'not-running',
  node: undefined,
  unfit: [],
  places: ['/home/a/.cache'],
};

describe('siteFor', () => {
  it('is the Node that was found, and the folders', () => {
    assert.deepEqual(siteFor({ ...absence, node: '/usr/bin/node' }), {
      node: '/usr/bin/node',
      places: ['/home/a/.cache'],
    });
  });

  it('says that there is no Node', () => {
    assert.throws(() => siteFor(absence), { code: 'no-node', message: /no Node\.js 18 or later/ });
  });

  it('names the first one that does not do, without what is no text', () => {
    const unfit = ['/opt/\x1b[31mnode fails', '/usr/bin/node (16.1.0) is too old'];

    assert.throws(
      () => siteFor({ ...absence, unfit }),
      ({ message }: Error) => message.includes('/opt/ [31mnode fails') && !message.includes('16.1.0'),
    );
  });
});

describe('failureIn', () => {
  it('says what failed, and each folder that was tried', () => {
    const { code, message } = failureIn(parseReport('tried=/a: EROFS\nfailed=no folder\ntried=/b: ENOSPC\n'));

    assert.equal(code, 'no-place');
    assert.match(message, /no folder; \/a: EROFS; \/b: ENOSPC/);
  });

  it('has words for an installer that has none', () => {
    assert.match(failureIn(parseReport('')).message, /ends without a word/);
  });

  it('is of a bounded length, on one line', () => {
    const { message } = failureIn(parseReport(`failed=${'x'.repeat(100_000)}\x1b]0;title\x07`));

    assert.ok(message.length < 2000);
    // eslint-disable-next-line no-control-regex -- what terminals obey
    assert.doesNotMatch(message, /[\0-\x1f]/);
  });
});
