import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import { errorOfAnswer, errorOfNetwork, messageOf, parseRetryAfter } from '../../../src/cloud/httpErrors';

describe('errorOfAnswer', () => {
  const statuses = [
    [302, 'protocol'],
    [400, 'invalid'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [405, 'unsupported'],
    [407, 'unreachable'],
    [408, 'unreachable'],
    [409, 'conflict'],
    [410, 'not-found'],
    [422, 'invalid'],
    [429, 'rate-limited'],
    [500, 'unreachable'],
    [501, 'unsupported'],
    [503, 'unreachable'],
    [101, 'protocol'],
  ] as const;
  for (const [status, code] of statuses) {
    it(`takes ${status} for ${code}`, () => {
      assert.equal(errorOfAnswer('x', { status, headers: {}, body: undefined }).code, code);
    });
  }

  it("lets the cloud's own code win", () => {
    const answer = { status: 400, headers: {}, body: {} };

    assert.equal(errorOfAnswer('x', answer, () => 'conflict').code, 'conflict');
  });

  it('says what failed, what the cloud said and what to do', () => {
    const answer = { status: 401, headers: {}, body: { error: { message: 'bad key\u0007' } } };

    assert.equal(
      errorOfAnswer('sign in', answer).message,
      'Cannot sign in: bad key (HTTP 401); sign in again',
    );
  });
});

describe('How long an answer asks to be left alone', () => {
  const at = 'Wed, 01 Jan 2020 00:01:00 GMT';
  const cases = [
    { name: 'is counted by the clock of who says so', date: 'Wed, 01 Jan 2020 00:00:00 GMT', want: 60_000 },
    { name: 'is bounded whatever that clock says', date: 'Thu, 01 Jan 1970 00:00:00 GMT', want: 3_600_000 },
    { name: 'is not less than nothing', date: 'Thu, 02 Jan 2020 00:00:00 GMT', want: 0 },
    { name: 'is counted by our clock where there is no other', date: 'now', want: 0 },
  ];
  for (const { name, date, want } of cases) {
    it(name, () => {
      const headers = { 'retry-after': at, date };

      assert.equal(errorOfAnswer('x', { status: 503, headers, body: '' }).retryAfterMs, want);
    });
  }
});

describe('messageOf', () => {
  const cases: { name: string; body: unknown; want: string | undefined }[] = [
    { name: 'an envelope', body: { error: { message: 'm', code: 'c' } }, want: 'm' },
    { name: 'a flat error', body: { error: 'm' }, want: 'm' },
    { name: 'a message', body: { message: 'm' }, want: 'm' },
    { name: 'a detail', body: { detail: 'm' }, want: 'm' },
    { name: 'details of a validation', body: { detail: [{ loc: ['a'], msg: 'm' }] }, want: 'm' },
    { name: 'a string', body: 'm', want: 'm' },
    { name: 'a page', body: ' <!doctype html><p>502', want: undefined },
    { name: 'nothing', body: undefined, want: undefined },
    { name: 'null', body: null, want: undefined },
    { name: 'numbers', body: { error: { message: 1 }, message: 2 }, want: undefined },
    { name: 'deep nesting', body: { error: { error: { error: { error: 'm' } } } }, want: undefined },
    { name: 'a text of many lines', body: { error: 'a\r\nb' }, want: 'a b' },
  ];
  for (const { name, body, want } of cases) {
    it(`of ${name}`, () => assert.equal(messageOf(body), want));
  }

  it('is bounded', () => assert.equal(messageOf('x'.repeat(100_000))?.length, 300));
});

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 0, 1);
  const cases = [
    { value: '7', want: 7_000 },
    { value: ' 0 ', want: 0 },
    { value: 'Thu, 01 Jan 2026 00:00:09 GMT', want: 9_000 },
    { value: 'Wed, 31 Dec 2025 00:00:00 GMT', want: 0 },
    { value: '999999999999', want: 3_600_000 },
    { value: '-1', want: undefined },
    { value: '1.5', want: undefined },
    { value: 'soon', want: undefined },
    { value: '', want: undefined },
    { value: undefined, want: undefined },
    { value: ['1', '2'], want: undefined },
  ];
  for (const { value, want } of cases) {
    it(`${JSON.stringify(value)} is ${String(want)} ms`, () =>
      assert.equal(parseRetryAfter(value, now), want));
  }
});

describe('errorOfNetwork', () => {
  const cases = [
    { code: 'ECONNREFUSED', says: /h:1 refuses connections/ },
    { code: 'ENOTFOUND', says: /not a known host name/ },
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', says: /certificate that is not trusted/ },
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID', says: /certificate that is not trusted/ },
    { code: 'EWHATEVER', says: /cannot be reached: boom/ },
  ];
  for (const { code, says } of cases) {
    it(`explains ${code}`, () => {
      const error = errorOfNetwork('x', 'h:1', Object.assign(new Error('boom'), { code }));

      assert.equal(error.code, 'unreachable');
      assert.match(error.message, says);
    });
  }

  it('leaves a typed error as it is', () => {
    const error = new CloudError('protocol', 'm');

    assert.equal(errorOfNetwork('x', 'h', error), error);
  });
});
