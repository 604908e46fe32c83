import assert from 'node:assert/strict';
import { hostnameFor, suggestName } from '../../../src/localCloud/names';

describe('hostnameFor', () => {
  const cases = [
    { name: 'a plain name', input: 'dev', want: 'dev' },
    { name: 'capitals and spaces', input: 'My Box 2', want: 'my-box-2' },
    { name: 'shell text', input: '$(reboot)', want: 'reboot' },
    { name: 'an option', input: '--ro-bind', want: 'ro-bind' },
    { name: 'a name too long', input: 'x'.repeat(300), want: 'x'.repeat(63) },
    { name: 'a cut that leaves a hyphen', input: `${'x'.repeat(62)} y`, want: 'x'.repeat(62) },
    { name: 'a name without letters', input: '📦', want: 'box-0123456789ab' },
  ];
  for (const { name, input, want } of cases) {
    it(`makes a label of ${name}`, () => assert.equal(hostnameFor(input, '0123456789abcdef'), want));
  }
});

describe('suggestName', () => {
  it('takes no name that is taken', () => {
    const suggested = suggestName((name) => /^[a-z]+-[a-z]+$/.test(name));

    assert.match(suggested, /^[a-z]+-[a-z]+-[0-9a-f]{6}$/);
  });
});
