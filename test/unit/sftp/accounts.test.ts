import assert from 'node:assert/strict';
import { readAccounts } from '../../../src/sftp/accounts';
import { expandHome } from '../../../src/sftp/expandHome';
import { FileError, type RemoteFiles } from '../../../src/sftp/remoteFiles';

/** A sandbox that has these files and no others. */
function sandboxWith(contents: Readonly<Record<string, string>>): RemoteFiles {
  const readWhole = (path: string): Promise<Buffer> => {
    const content = contents[path];
    if (content === undefined) return Promise.reject(new FileError('no-such-file', path));
    return Promise.resolve(Buffer.from(content));
  };
  return { readWhole } as Partial<RemoteFiles> as RemoteFiles;
}

const sandbox = sandboxWith({
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/:/bin/sh\n\nno line\nuser:x:1000:100:A,B:/home/user:\n',
  '/etc/group': 'root:x:0:\nusers:x:100:user,root\n',
});

describe('readAccounts', () => {
  it('knows users and groups by their ids, the first of each', async () => {
    const { users, groups } = await readAccounts(sandbox);

    assert.deepEqual(
      [...users],
      [
        [0, 'root'],
        [1000, 'user'],
      ],
    );
    assert.deepEqual(
      [...groups],
      [
        [0, 'root'],
        [100, 'users'],
      ],
    );
  });

  it('knows nobody where there are no such files', async () => {
    const { users, groups, homes } = await readAccounts(sandboxWith({}));

    assert.deepEqual([users.size, groups.size, homes.get('root')], [0, 0, undefined]);
  });
});

describe('expandHome', () => {
  const expand = (path: string): Promise<string> => expandHome(path, () => readAccounts(sandbox));

  const paths = {
    '~': '.',
    '~/': '.',
    '~/a/~b': 'a/~b',
    '~user': '/home/user',
    '~user/a b': '/home/user/a b',
    'a/~': 'a/~',
    '/~': '/~',
    '': '',
  };
  for (const [path, expanded] of Object.entries(paths)) {
    it(`makes "${expanded}" of "${path}"`, async () => assert.equal(await expand(path), expanded));
  }

  it('refuses the home of somebody who is not there', () =>
    assert.rejects(expand('~nobody/a'), { code: 'no-such-file' }));
});
