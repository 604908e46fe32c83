import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { LocalCloudError } from '../../../src/sandboxes/localCloud';
import { nextSteps, type ErrorSubject } from '../../../src/views/nextSteps';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h', user: 'ada', label: 'ada' };
const retry = (): void => undefined;
const refused = new CloudError('unauthenticated', 'wrong token');
const unreachable = new CloudError('unreachable', 'no answer');
const notFound = new CloudError('not-found', 'gone');
const notRunning = new LocalCloudError('not-running', 'not running');

interface Case {
  readonly name: string;
  readonly error: Error;
  readonly subject?: ErrorSubject;
  readonly want: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'a refused token', error: refused, subject: { account, retry }, want: ['signIn'] },
  { name: 'a refused token of no account', error: refused, subject: { retry }, want: [] },
  {
    name: 'the local cloud’s own token, refused',
    error: refused,
    subject: { account: localAccount },
    want: ['startLocalCloud'],
  },
  {
    name: 'a local cloud that does not run',
    error: notRunning,
    subject: { retry },
    want: ['startLocalCloud'],
  },
  { name: 'a cloud that does not answer', error: unreachable, subject: { account, retry }, want: ['retry'] },
  { name: 'what cannot be done again', error: unreachable, subject: { account }, want: [] },
  { name: 'a sandbox that is gone', error: notFound, subject: { account, retry }, want: [] },
  { name: 'an error of this computer', error: new Error('disk full'), subject: { retry }, want: ['retry'] },
];

describe('Next steps after an error', () => {
  for (const { name, error, subject, want } of cases) {
    it(`are ${[...want, 'showLog'].join(', ')} for ${name}`, () =>
      assert.deepEqual(nextSteps(error, subject), [...want, 'showLog']));
  }
});
