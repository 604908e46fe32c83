import assert from 'node:assert/strict';
import { accountHost } from '../../../src/sandboxes/account';

describe('accountHost', () => {
  it('shows port and path, which tell clouds apart', () => {
    const account = { id: '', provider: 'p', baseUrl: 'https://h:8443/team', user: 'u', label: 'l' };

    assert.equal(accountHost(account), 'h:8443/team');
  });
});
