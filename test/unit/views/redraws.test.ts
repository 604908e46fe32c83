import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Redraws } from '../../../src/views/redraws';

interface Row {
  readonly name: string;
}

/** Several times what a redraw may wait before it is given once more. */
const LONG_MS = 10_000;

describe('Redraws of the tree', () => {
  const account: Row = { name: 'account' };
  const other: Row = { name: 'other' };
  let drawn: (readonly Row[] | undefined)[];
  let redraws: Redraws<Row>;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    drawn = [];
    redraws = new Redraws((rows) => drawn.push(rows));
  });
  afterEach(() => {
    redraws.dispose();
    mock.timers.reset();
  });

  for (const { of, row, rows } of [
    { of: 'a row', row: account, rows: [account] },
    { of: 'the tree', row: undefined, rows: undefined },
  ]) {
    it(`of ${of} are given once more, and no more, where the editor does not ask for its children`, () => {
      redraws.answered(row);
      redraws.draw(rows);
      assert.deepEqual(drawn, [rows]);

      mock.timers.tick(LONG_MS);
      assert.deepEqual(drawn, [rows, rows]);
      mock.timers.tick(LONG_MS);
      assert.equal(drawn.length, 2);
    });

    it(`of ${of} are given once where the editor does`, () => {
      redraws.answered(row);
      redraws.draw(rows);
      redraws.answered(row);

      mock.timers.tick(LONG_MS);
      assert.deepEqual(drawn, [rows]);
    });

    it(`of ${of} are given once where the editor has not asked since the last`, () => {
      redraws.draw(rows);

      mock.timers.tick(LONG_MS);
      assert.deepEqual(drawn, [rows]);
    });
  }

  it('are given once more for the rows alone that the editor does not ask for', () => {
    redraws.answered(account);
    redraws.answered(other);
    redraws.draw([account, other]);
    redraws.answered(other);

    mock.timers.tick(LONG_MS);
    assert.deepEqual(drawn, [[account, other], [account]]);
  });

  it('are given once more so late that the editor could have asked, also one soon after another', () => {
    redraws.answered(account);
    redraws.answered(other);
    redraws.draw([account]);
    mock.timers.tick(900);
    redraws.draw([other]);
    drawn = [];

    mock.timers.tick(100);
    assert.deepEqual(drawn, [[account]]);
    mock.timers.tick(LONG_MS);
    assert.deepEqual(drawn, [[account], [other]]);
  });

  it('end with their owner', () => {
    redraws.answered(account);
    redraws.draw([account]);
    redraws.dispose();

    mock.timers.tick(LONG_MS);
    assert.equal(drawn.length, 1);
  });
});
