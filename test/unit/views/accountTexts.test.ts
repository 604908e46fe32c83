import assert from 'node:assert/strict';
import type { Removed } from '../../../src/remote/signOut';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { removedText } from '../../../src/views/accountTexts';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h:8', user: 'ada', label: 'ada' };
const nothing: Removed = {
  token: false,
  sandboxes: [],
  settingsWithEntries: [],
  config: { edited: [], isShared: false },
  settings: [],
};
const inCloud = 'Its sandboxes stay in the cloud.';
const here = 'Its sandboxes stay, and come back when you start the local cloud again.';

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
    want: `Signed out of h:8. Removed from this computer: the token. ${inCloud}`,
  },
  {
    name: 'keys, by the names of some sandboxes',
    of: account,
    removed: { token: true, sandboxes: ['a', 'b', 'c', 'd', 'e'] },
    want: `Signed out of h:8. Removed from this computer: the token; SSH keys and entries of “a”, “b”, “c” and 2 more. ${inCloud}`,
  },
  {
    name: 'our folder, and no line where none was added',
    of: localAccount,
    removed: { sandboxes: ['a'], config: { edited: [], folder: '/h/.ssh/cloud-sandboxes', isShared: false } },
    want: `Signed out of the local cloud. Removed from this computer: SSH keys and entries of “a”; the folder /h/.ssh/cloud-sandboxes. ${here}`,
  },
  {
    name: 'every change of the user’s files and settings',
    of: account,
    removed: {
      sandboxes: ['a'],
      settingsWithEntries: ['remote.SSH.remotePlatform'],
      config: { edited: ['/h/.ssh/config'], folder: '/h/.ssh/cloud-sandboxes', isShared: false },
      settings: [{ name: 'remote.SSH.connectTimeout', value: 30 }],
    },
    want:
      'Signed out of h:8. Removed from this computer: SSH keys and entries of “a”; their entries in remote.SSH.remotePlatform; ' +
      `our line in /h/.ssh/config; the folder /h/.ssh/cloud-sandboxes. As before: remote.SSH.connectTimeout is 30. ${inCloud}`,
  },
  {
    name: 'not what another editor still uses',
    of: account,
    removed: { token: true, config: { edited: [], isShared: true } },
    want: `Signed out of h:8. Removed from this computer: the token. Another editor still uses the line and the folder. ${inCloud}`,
  },
  {
    name: 'nothing',
    of: localAccount,
    removed: {},
    want: `Signed out of the local cloud. There was no token, key or SSH entry of it. ${here}`,
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
