import assert from 'node:assert/strict';
import { Listing, parseRecord } from '../../../../../src/ssh/backends/shellFiles/attributes';

describe('parseRecord', () => {
  it('reads what stat prints', () => {
    assert.deepEqual(parseRecord('81a4 5 1000 50 1100000000 1200000000 ./a b'), {
      path: './a b',
      attributes: {
        mode: 0o100644,
        size: 5,
        owner: { uid: 1000, gid: 50 },
        times: { accessed: 1100000000, modified: 1200000000 },
      },
    });
  });

  it('keeps times within what SFTP can say', () => {
    const { times } = parseRecord('81a4 5 0 0 -1 99999999999 ./a').attributes;

    assert.deepEqual(times, { accessed: 0, modified: 0xffffffff });
  });

  const listed = [
    { line: '-rw-r--r--    1 0        50              5 Nov 21 13:16 ./a', mode: 0o100644, size: 5 },
    { line: 'drwxrwxrwt 1 0 50 4096 Nov 21  2025 ./a', mode: 0o041777, size: 4096 },
    { line: '-rwsr-S--- 1 0 50 7 Nov 21 13:16 ./a', mode: 0o106740, size: 7 },
    { line: 'crw-rw-rw- 1 0 50 1, 3 Nov 21 13:16 ./a', mode: 0o020666, size: 0 },
    { line: '-rw-r--r--. 1 0 50 5 Nov 21 13:16 ./a', mode: 0o100644, size: 5 },
  ];
  for (const { line, mode, size } of listed) {
    it(`reads what ls prints: ${line}`, () => {
      assert.deepEqual(parseRecord(line), {
        path: './a',
        attributes: { mode, size, owner: { uid: 0, gid: 50 } },
      });
    });
  }

  for (const line of ['', 'nonsense', '81a4 5 0 0 1', 'zz 5 0 0 1 1 ./a']) {
    it(`refuses ${JSON.stringify(line)}`, () => {
      assert.throws(() => parseRecord(line), { code: 'failure' });
    });
  }
});

describe('Listing', () => {
  const record = (name: string): string => `81a4 1 0 0 1 1 ./${name}/\n`;

  it('gives entries in batches, then none', () => {
    const listing = new Listing(Buffer.from(['a', 'b', 'c'].map(record).join('')));

    const batches = [listing.next(2), listing.next(2), listing.next(2)];

    assert.deepEqual(
      batches.map((batch) => batch.map(({ name }) => name)),
      [['a', 'b'], ['c'], []],
    );
  });

  it('keeps names of any bytes, also those that look like records', () => {
    const names = ['two\nlines', '81a4 1 0 0 1 1 .', '\xff\xfe', ' ', '-rf'];
    const listing = new Listing(Buffer.from(names.map(record).join(''), 'latin1'));

    assert.deepEqual(
      listing.next(10).map(({ name }) => name),
      names,
    );
  });
});
