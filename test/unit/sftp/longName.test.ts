import assert from 'node:assert/strict';
import { longName } from '../../../src/sftp/longName';

const NOW = Date.parse('2026-06-01T12:00') / 1000;
const NOBODY = { users: new Map(), groups: new Map() };
const at = (text: string): { accessed: number; modified: number } => {
  const seconds = Date.parse(text) / 1000;
  return { accessed: seconds, modified: seconds };
};

describe('longName', () => {
  const modes = [
    { mode: 0o100644, text: '-rw-r--r--' },
    { mode: 0o040755, text: 'drwxr-xr-x' },
    { mode: 0o120777, text: 'lrwxrwxrwx' },
    { mode: 0o041777, text: 'drwxrwxrwt' },
    { mode: 0o041666, text: 'drw-rw-rwT' },
    { mode: 0o104755, text: '-rwsr-xr-x' },
    { mode: 0o102640, text: '-rw-r-S---' },
    { mode: 0o020600, text: 'crw-------' },
    { mode: 0, text: '?---------' },
  ];
  for (const { mode, text } of modes) {
    it(`shows mode ${mode.toString(8)} as ${text}`, () => {
      assert.equal(longName('a', { mode }, NOBODY, NOW).slice(0, 10), text);
    });
  }

  const times = [
    { name: 'a recent time to the minute', time: '2026-05-03T09:07', text: 'May  3 09:07' },
    { name: 'an old one with its year', time: '2025-05-03T09:07', text: 'May  3  2025' },
    { name: 'one in the future with its year', time: '2027-05-13T09:07', text: 'May 13  2027' },
  ];
  for (const { name, time, text } of times) {
    it(`shows ${name}`, () => {
      assert.ok(longName('a', { times: at(time) }, NOBODY, NOW).endsWith(` ${text} a`));
    });
  }

  const owned = { mode: 0o100600, owner: { uid: 1000, gid: 50 }, size: 123 };

  it('shows owner, group and size', () => {
    assert.match(longName('a', owned, NOBODY, NOW), /^-rw------- +1 1000 +50 +123 /);
  });

  it('shows owner and group by their names', () => {
    const known = { users: new Map([[1000, 'person']]), groups: new Map([[50, 'staff']]) };

    assert.match(longName('a', owned, known, NOW), /^-rw------- +1 person +staff +123 /);
  });
});
