import assert from 'node:assert/strict';
import { accountHost, parseBaseUrl } from '../../../src/sandboxes/account';

describe('parseBaseUrl', () => {
  const accepted = [
    { input: 'https://cloud.example.com', want: 'https://cloud.example.com' },
    { input: '  https://cloud.example.com/  ', want: 'https://cloud.example.com' },
    { input: 'HTTPS://Cloud.Example.com:443/api//', want: 'https://cloud.example.com/api' },
    { input: 'http://127.0.0.1:8100/v1x', want: 'http://127.0.0.1:8100/v1x' },
  ];
  for (const { input, want } of accepted) {
    it(`takes ${JSON.stringify(input)} as ${want}`, () => assert.equal(parseBaseUrl(input), want));
  }

  const rejected = [
    '',
    'cloud.example.com',
    'ftp://cloud.example.com',
    'javascript:alert(1)',
    'https://user:secret@cloud.example.com',
    'https://cloud.example.com/?token=x',
    'https://cloud.example.com/#x',
  ];
  for (const input of rejected) {
    it(`rejects ${JSON.stringify(input)}`, () =>
      assert.throws(() => parseBaseUrl(input), { code: 'invalid' }));
  }

  it('does not repeat credentials in its message', () => {
    assert.throws(
      () => parseBaseUrl('https://user:secret@cloud.example.com'),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});

describe('accountHost', () => {
  it('shows port and path, which tell clouds apart', () => {
    const account = { id: '', provider: 'p', baseUrl: 'https://h:8443/team', user: 'u', label: 'l' };

    assert.equal(accountHost(account), 'h:8443/team');
  });
});
