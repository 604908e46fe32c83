import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { SandboxBook } from '../../../src/remote/sandboxBook';
import { MemoryState } from '../../helpers/memoryState';

const entry = { alias: 'box-abc.vscode.sbx', accountId: 'local', sandboxId: 'id1', name: 'box' };
const minute = 60_000;

describe('SandboxBook', () => {
  let now: number;
  let state: MemoryState;
  let book: SandboxBook;

  beforeEach(async () => {
    now = 1_000_000;
    state = new MemoryState();
    book = new SandboxBook(state, () => now);
    await book.record(entry);
  });

  it('finds a sandbox by alias, and an alias by sandbox', () => {
    assert.deepEqual(book.find(entry.alias), entry);
    assert.equal(book.aliasOf('local', 'id1'), entry.alias);
    assert.equal(book.aliasOf('other', 'id1'), undefined);
  });

  it('knows no intent until somebody asks for the sandbox', () => {
    assert.equal(book.hasFreshIntent(entry.alias), false);
  });

  it('lets an intent grow old, so that a window left open does not start what was stopped', async () => {
    await book.noteIntent(entry.alias);
    now += 4 * minute;
    assert.equal(book.hasFreshIntent(entry.alias), true);
    now += 2 * minute;
    assert.equal(book.hasFreshIntent(entry.alias), false);
  });

  it('takes no intent from the future, as after a clock was set back', async () => {
    await book.noteIntent(entry.alias);
    now -= minute;

    assert.equal(book.hasFreshIntent(entry.alias), false);
  });

  it('takes an intent back', async () => {
    await book.noteIntent(entry.alias);
    await book.clearIntent(entry.alias);

    assert.equal(book.hasFreshIntent(entry.alias), false);
  });

  it('lets a connection spend the intent that it was opened with', async () => {
    await book.noteIntent(entry.alias);
    await book.spendIntent(entry.alias, now + 1);

    assert.equal(book.hasFreshIntent(entry.alias), false);
  });

  it('keeps the intent for the connection that is about to begin', async () => {
    await book.noteIntent(entry.alias);
    await book.spendIntent(entry.alias, now - minute);

    assert.equal(book.hasFreshIntent(entry.alias), true);
  });

  it('sees what is new in the store', async () => {
    assert.equal(book.aliasOf('local', 'id2'), undefined);
    await new SandboxBook(state).record({ ...entry, alias: 'other.vscode.sbx', sandboxId: 'id2' });

    assert.equal(book.aliasOf('local', 'id2'), 'other.vscode.sbx');
  });

  it('reads the store once for each of its states, however often it is asked', () => {
    book.list();
    const keys = mock.method(state, 'keys');
    for (let n = 0; n < 100; n++) book.aliasOf('local', `id${n}`);

    assert.equal(keys.mock.callCount(), 0);
  });

  it('remembers the folder', async () => {
    await book.rememberFolder(entry.alias, '/workspace/app');

    assert.equal(book.folder(entry.alias), '/workspace/app');
  });

  it('forgets all of a sandbox', async () => {
    await book.noteIntent(entry.alias);
    await book.rememberFolder(entry.alias, '/workspace');
    await book.forget(entry.alias);

    assert.deepEqual(book.list(), []);
    assert.equal(book.folder(entry.alias), undefined);
    assert.equal(book.hasFreshIntent(entry.alias), false);
  });
});
