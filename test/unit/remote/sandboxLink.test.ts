import assert from 'node:assert/strict';
import { accountsOf, parseSandboxLink, sandboxLink } from '../../../src/remote/sandboxLink';
import { localAccount, type Account } from '../../../src/sandboxes/account';

const cloud = 'https://cloud.example.com:8443/api';
const ada: Account = {
  id: 'ada',
  provider: 'boxlite',
  baseUrl: cloud,
  user: 'ada & co',
  label: 'Ada',
};
const grace: Account = { ...ada, id: 'grace', user: 'grace' };
const elsewhere: Account = { ...ada, id: 'else', baseUrl: 'https://cloud.example.com' };
const accounts = [localAccount, ada, grace, elsewhere];

/** What the editor hands over for a link: it decodes the query once. */
function open(link: string): { path: string; query: string } {
  const { pathname, search } = new URL(link);
  return { path: pathname, query: decodeURIComponent(search.slice(1)) };
}

describe('A link to a sandbox', () => {
  for (const { account, found } of [
    { account: ada, found: [ada] },
    { account: localAccount, found: [localAccount] },
  ]) {
    it(`of ${account.label} leads back to it, whatever its names are made of`, () => {
      const sandbox = { id: 'a&b=c%26+d', name: 'any', status: 'running' as const };
      const link = parseSandboxLink(open(sandboxLink({ account, sandbox }, 'vscode', 'pub.ext')));

      assert.equal(link.sandboxId, sandbox.id);
      assert.deepEqual(accountsOf(link, accounts), found);
    });
  }

  it('that names no user can mean any account of that cloud', () => {
    const link = parseSandboxLink({ path: '/open', query: `cloud=${cloud}/&sandbox=id1` });
    assert.deepEqual(accountsOf(link, accounts), [ada, grace]);
  });

  it('that names a user who is not signed in here can mean any account of that cloud', () => {
    const query = `cloud=${cloud}&user=linus&sandbox=id1`;
    assert.deepEqual(accountsOf(parseSandboxLink({ path: '/open', query }), accounts), [ada, grace]);
  });

  it('means no account of another cloud, whoever it names', () => {
    const query = `cloud=https://other.example.com&user=grace&sandbox=id1`;
    assert.deepEqual(accountsOf(parseSandboxLink({ path: '/open', query }), accounts), []);
  });

  it('can name the folder and the window', () => {
    const query = 'cloud=local&sandbox=id1&folder=/srv/my app&window=new';
    assert.deepEqual(parseSandboxLink({ path: '/open', query }), {
      cloud: 'local',
      sandboxId: 'id1',
      folder: '/srv/my app',
      window: 'new',
    });
  });

  const refused: { what: string; path?: string; query: string; message: RegExp }[] = [
    { what: 'a token', query: 'cloud=local&sandbox=id1&token=x', message: /never carry tokens/ },
    { what: 'anything else', query: 'cloud=local&sandbox=id1&x', message: /“x” has no place/ },
    {
      what: 'a password in the address',
      query: 'cloud=https://me:secret@host&sandbox=id1',
      message: /address of a cloud/,
    },
    { what: 'another scheme', query: 'cloud=file:///etc&sandbox=id1', message: /address of a cloud/ },
    { what: 'no cloud', query: 'sandbox=id1', message: /which cloud/ },
    { what: 'no sandbox', query: 'cloud=local', message: /which sandbox/ },
    { what: 'two sandboxes', query: 'cloud=local&sandbox=a&sandbox=b', message: /twice/ },
    { what: 'a relative folder', query: 'cloud=local&sandbox=a&folder=../x', message: /absolute path/ },
    { what: 'another window', query: 'cloud=local&sandbox=a&window=x', message: /neither/ },
    { what: 'another path', path: '/delete', query: 'cloud=local&sandbox=a', message: /\/delete/ },
    { what: 'far too much', query: `cloud=local&sandbox=${'a'.repeat(5000)}`, message: /too long/ },
  ];
  for (const { what, path = '/open', query, message } of refused) {
    it(`with ${what} is refused, and the message holds no secret`, () => {
      assert.throws(
        () => parseSandboxLink({ path, query }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'invalid');
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /secret@|me:/);
          return true;
        },
      );
    });
  }
});
