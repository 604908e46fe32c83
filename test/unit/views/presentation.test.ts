import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import type { Sandbox, SandboxStatus } from '../../../src/cloud/provider';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { LocalCloudError } from '../../../src/sandboxes/localCloud';
import { timeText } from '../../../src/views/text';
import {
  accountMessage,
  accountRow,
  isStartable,
  isStoppable,
  sandboxRow,
} from '../../../src/views/presentation';

function box(changes: Partial<Sandbox> = {}): Sandbox {
  return { id: 'x', name: 'box', status: 'running', ...changes };
}

describe('accountRow', () => {
  const account = (provider: string): Account => ({ ...localAccount, provider });

  it('offers to make sandboxes where that can be done', () => {
    assert.equal(accountRow(account('openhands')).context, 'account creatable');
  });

  for (const provider of ['openhands-agent-server', 'of-a-newer-version']) {
    it(`does not offer it in ${provider}`, () => {
      assert.equal(accountRow(account(provider)).context, 'account');
    });
  }
});

describe('sandboxRow', () => {
  const cases: { status: SandboxStatus; word: string; startable: boolean; stoppable: boolean }[] = [
    { status: 'creating', word: 'creating', startable: false, stoppable: false },
    { status: 'running', word: 'running', startable: false, stoppable: true },
    { status: 'starting', word: 'starting', startable: false, stoppable: true },
    { status: 'stopping', word: 'stopping', startable: false, stoppable: false },
    { status: 'stopped', word: 'stopped', startable: true, stoppable: false },
    { status: 'paused', word: 'paused', startable: true, stoppable: true },
    { status: 'failed', word: 'failed', startable: true, stoppable: true },
    { status: 'unknown', word: 'state unknown', startable: true, stoppable: true },
  ];
  for (const { status, word, startable, stoppable } of cases) {
    it(`says that a sandbox is ${word} and offers what fits`, () => {
      const row = sandboxRow(box({ status }));

      assert.equal(row.description, word);
      assert.equal(/\bstartable\b/.test(row.context), startable);
      assert.equal(/\bstoppable\b/.test(row.context), stoppable);
      assert.equal(isStartable(box({ status })), startable);
      assert.equal(isStoppable(box({ status })), stoppable);
    });
  }

  it('offers to delete a sandbox, whatever its state', () => {
    for (const { status } of cases) assert.match(sandboxRow(box({ status })).context, /\bdeletable\b/);
  });

  it('offers neither start nor stop nor deletion of one that is just there', () => {
    for (const { status } of cases) {
      assert.equal(sandboxRow(box({ status, isFixed: true })).context, 'sandbox');
    }
  });

  it('shows the notice before the image', () => {
    const row = sandboxRow(box({ image: 'debian:12', notice: 'not isolated' }));

    assert.equal(row.description, 'running · not isolated · debian:12');
    assert.match(row.tooltip(), /not isolated/);
  });

  it('shows how long it will run if nobody uses it', () => {
    const now = Date.parse('2026-05-06T07:08:09Z');
    const stopsAt = new Date(now + 11.5 * 60_000);

    assert.equal(sandboxRow(box({ stopsAt }), { now }).description, 'running · stops in 12 min');
    assert.equal(sandboxRow(box({ stopsAt, status: 'stopped' }), { now }).description, 'stopped');
  });

  it('names the cloud where the row does not stand under it', () => {
    assert.equal(sandboxRow(box(), { account: localAccount }).description, 'running · This computer');
  });

  it('shows the state of the connection', () => {
    assert.equal(sandboxRow(box(), { connection: 'reconnecting' }).description, 'running, reconnecting');
  });

  it('offers nothing for a placeholder', () => {
    assert.equal(sandboxRow(box({ status: 'creating' }), { placeholder: true }).context, 'placeholder');
  });

  const hostile = [
    { name: 'line\nbreak', want: 'line break' },
    { name: '\u202Egnp.exe', want: 'gnp.exe' },
    { name: ' \t ', want: '(no name)' },
    { name: 'x'.repeat(300), want: `${'x'.repeat(79)}…` },
    { name: '🚀 "quoted" %h $(id)', want: '🚀 "quoted" %h $(id)' },
  ];
  for (const { name, want } of hostile) {
    it(`labels ${JSON.stringify(name.slice(0, 30))} harmlessly`, () =>
      assert.equal(sandboxRow(box({ name })).label, want));
  }
});

describe('accountMessage', () => {
  const entry = { account: localAccount, sandboxes: [] };

  it('says that the list loads', () => {
    assert.equal(accountMessage({ ...entry, phase: 'loading' })?.label, 'Loading…');
  });

  it('offers to create the first sandbox', () => {
    assert.equal(accountMessage({ ...entry, phase: 'ready' })?.label, 'Create a sandbox');
  });

  it('says nothing beside a good list', () => {
    assert.equal(accountMessage({ ...entry, phase: 'ready', sandboxes: [box()] }), undefined);
  });

  it('offers a retry beside the last good list, with the reason', () => {
    const error = new CloudError('unreachable', 'no route to host');
    const listedAt = new Date();
    const row = accountMessage({ ...entry, phase: 'failed', error, listedAt, sandboxes: [box()] });

    assert.equal(row?.label, 'Retry');
    assert.equal(row.command, 'refresh');
    assert.equal(row.description, `list from ${timeText(listedAt)} · no route to host`);
  });

  it('says nothing of a list where there was none', () => {
    const error = new CloudError('unreachable', 'no route to host');

    assert.equal(accountMessage({ ...entry, phase: 'failed', error })?.description, 'no route to host');
  });

  it('offers to start the local cloud when it does not run', () => {
    const error = new LocalCloudError('not-running', 'x');
    const row = accountMessage({ ...entry, phase: 'failed', error, sandboxes: [box()] });

    assert.equal(row?.command, 'useLocalCloud');
    assert.equal(row.description, 'not running');
  });

  it('offers to sign in again when the token is refused', () => {
    const error = new CloudError('unauthenticated', 'the token has expired');

    assert.equal(accountMessage({ ...entry, phase: 'failed', error })?.command, 'signIn');
  });
});
