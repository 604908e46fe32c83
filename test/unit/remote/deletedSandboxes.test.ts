import assert from 'node:assert/strict';
import { silentLogger } from '../../../src/base/logger';
import { DeletedSandboxes } from '../../../src/remote/deletedSandboxes';
import { SandboxBook } from '../../../src/remote/sandboxBook';
import { localAccount } from '../../../src/sandboxes/account';
import { Emitter } from '../../../src/sandboxes/emitter';
import type { SandboxListing } from '../../../src/sandboxes/sandboxList';
import { eventually } from '../../helpers/eventually';
import { MemoryState } from '../../helpers/memoryState';

describe('DeletedSandboxes', () => {
  let lists: Emitter<SandboxListing>;
  let book: SandboxBook;
  let happened: string[];
  let deleted: DeletedSandboxes;

  beforeEach(async () => {
    lists = new Emitter();
    book = new SandboxBook(new MemoryState());
    happened = [];
    const ssh = {
      forget: async (alias: string) => {
        happened.push(`forget ${alias}`);
        await book.forget(alias);
        return [];
      },
    };
    deleted = new DeletedSandboxes({ list: { onDidList: lists.event }, book, ssh, log: silentLogger });
    for (const name of ['a', 'b'])
      await book.record({ alias: `alias-${name}`, accountId: localAccount.id, sandboxId: name, name });
    await book.record({ alias: 'alias-c', accountId: 'another', sandboxId: 'c', name: 'c' });
  });

  afterEach(() => deleted.dispose());

  function report(...ids: string[]): void {
    const sandboxes = ids.map((id) => ({ id, name: id, status: 'running' as const }));
    lists.fire({ account: localAccount, sandboxes });
  }

  it('forgets what two lists in a row are without, and nothing else', async () => {
    report('b');
    report('b');

    await eventually(() => assert.deepEqual(happened, ['forget alias-a']));
  });

  it('forgives one list with a gap', () => {
    report('b');
    report('a', 'b');
    report('b');

    assert.deepEqual(happened, []);
  });

  it('tries once only: what fails would fail at every poll', async () => {
    book.forget = () => Promise.reject(new Error('storage is locked'));
    for (let poll = 0; poll < 5; poll++) report('b');

    await eventually(() => assert.deepEqual(happened, ['forget alias-a']));
  });
});
