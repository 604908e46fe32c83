import assert from 'node:assert/strict';
import type { Removed } from '../../../src/remote/signOut';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { removedText } from '../../../src/views/accountTexts';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h:8', user: 'ada', label: 'ada' };
const nothing: Removed = { token: false, sandboxes: [], sshConfig: false };

interface Case {
  readonly name: string;
  readonly of: Account;
  readonly removed: Partial<Removed>;
  readonly want: string;
}

const cases: readonly Case[] = [
  {
    name: 'the token alone',
    of: account,
    removed: { token: true },
    want: 'Signed out of h:8. Removed from this computer: the token.',
  },
  {
    name: 'keys, by the names of some sandboxes',
    of: account,
    removed: { token: true, sandboxes: ['a', 'b', 'c', 'd', 'e'] },
    want: 'Signed out of h:8. Removed from this computer: the token; SSH keys and entries of “a”, “b”, “c” and 2 more.',
  },
  {
    name: 'our SSH files with the last sandbox',
    of: localAccount,
    removed: { sandboxes: ['a'], sshConfig: true },
    want: 'Signed out of the local cloud. Removed from this computer: SSH keys and entries of “a”; our SSH files, with the line in your SSH configuration.',
  },
  {
    name: 'nothing',
    of: localAccount,
    removed: {},
    want: 'Signed out of the local cloud. There was nothing else of it on this computer.',
  },
];

describe('What a sign-out says that it removed', () => {
  for (const { name, of, removed, want } of cases) {
    it(`is ${name}`, () => assert.equal(removedText(of, { ...nothing, ...removed }), want));
  }

  it('has no control characters of a name in it', () => {
    const text = removedText(account, { ...nothing, sandboxes: ['a\u202e\nb'] });

    assert.match(text, /“a b”/);
  });
});
