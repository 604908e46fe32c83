import assert from 'node:assert/strict';
import { describeErrorChain, printable } from '../../../src/base/errors';

describe('printable', () => {
  const cases = [
    { name: 'leaves plain text', input: 'my box', want: 'my box' },
    { name: 'folds line breaks and escapes', input: 'a\r\n\u001b[31mb', want: 'a [31mb' },
    { name: 'drops bidi overrides', input: 'a\u202eb', want: 'a b' },
    { name: 'keeps emoji', input: '🚀 box', want: '🚀 box' },
  ];
  for (const { name, input, want } of cases) {
    it(name, () => assert.equal(printable(input), want));
  }

  it('cuts what is too long', () => {
    assert.equal(printable('x'.repeat(20), 10), 'xxxxxxxxx…');
  });
});

describe('describeErrorChain', () => {
  it('leaves out a cause that the message has already', () => {
    const cause = new Error('EEXIST: file already exists');

    assert.equal(
      describeErrorChain(new Error(`Cannot create x: ${cause.message}`, { cause })),
      'Cannot create x: EEXIST: file already exists',
    );
  });

  it('says each cause once', () => {
    const error = new Error('outer', { cause: new Error('inner', { cause: new Error('inner') }) });

    assert.equal(describeErrorChain(error), 'outer: inner');
  });
});
