import assert from 'node:assert/strict';
import { silentLogger } from '../../../src/base/logger';
import { canonicalBaseUrl, isReadableOnTheWay, Origin, pathSegment } from '../../../src/cloud/origin';

function origin(baseUrl: string, headers: Record<string, string> = {}): Origin {
  return new Origin({ baseUrl, headers, log: silentLogger });
}

describe('Origin', () => {
  const urls = [
    { base: 'https://a.example', path: '/v1/boxes', want: 'https://a.example/v1/boxes' },
    { base: 'https://a.example/', path: '/v1/boxes', want: 'https://a.example/v1/boxes' },
    { base: 'https://a.example/api//', path: '/v1', want: 'https://a.example/api/v1' },
    { base: 'http://127.0.0.1:8100', path: '/v1/me', want: 'http://127.0.0.1:8100/v1/me' },
    { base: 'https://a.example', path: '/v1/a%2Fb', want: 'https://a.example/v1/a%2Fb' },
    { base: 'https://a.example', path: '//evil.example/x', want: 'https://a.example//evil.example/x' },
  ];
  for (const { base, path, want } of urls) {
    it(`${base} and ${path} make ${want}`, () => assert.equal(origin(base).url(path).href, want));
  }

  it('encodes a query', () => {
    assert.equal(origin('https://a.example').url('/x', { q: 'a&b=c' }).search, '?q=a%26b%3Dc');
  });

  for (const path of ['/v1/../x', '/v1/%2e%2e/x', '/v1/./x', '/v1/a b', '/v1/ä', '/v1/x\\y']) {
    it(`refuses the path ${path}`, () =>
      assert.throws(() => origin('https://a.example').url(path), { code: 'invalid' }));
  }

  const bad = [
    '',
    'a.example',
    'ftp://a.example',
    'https://ann:s3cret@a.example',
    'https://a.example/?key=s3cret',
    'x:s3cret',
  ];
  for (const base of bad) {
    it(`refuses the base URL ${JSON.stringify(base)} without repeating a secret`, () => {
      assert.throws(
        () => origin(base),
        (error: Error) => {
          assert.ok('code' in error && error.code === 'invalid');
          assert.ok(!error.message.includes('s3cret'));
          return true;
        },
      );
    });
  }

  for (const token of ['two\nlines', 'tab\there', 'naïve', '']) {
    it(`refuses the header value ${JSON.stringify(token)}`, () => {
      assert.throws(() => origin('https://a.example', { authorization: token }), { code: 'invalid' });
    });
  }

  it('warns of a plain connection to another computer only', () => {
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (message: string) => warnings.push(message) };

    for (const baseUrl of ['http://127.0.0.1:1', 'https://a.example', 'http://b.example'])
      new Origin({ baseUrl, log });

    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^b\.example is reached without encryption/);
  });
});

describe('canonicalBaseUrl', () => {
  const accepted = [
    { input: 'https://cloud.example.com', want: 'https://cloud.example.com' },
    { input: '  https://cloud.example.com/  ', want: 'https://cloud.example.com' },
    { input: 'HTTPS://Cloud.Example.com:443/api//', want: 'https://cloud.example.com/api' },
    { input: 'http://127.0.0.1:8100/v1x', want: 'http://127.0.0.1:8100/v1x' },
  ];
  for (const { input, want } of accepted) {
    it(`takes ${JSON.stringify(input)} as ${want}`, () => assert.equal(canonicalBaseUrl(input), want));
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
      assert.throws(() => canonicalBaseUrl(input), { code: 'invalid' }));
  }

  it('does not repeat credentials in its message', () => {
    assert.throws(
      () => canonicalBaseUrl('https://user:secret@cloud.example.com'),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});

describe('isReadableOnTheWay', () => {
  const cases = [
    { url: 'https://a.example', want: false },
    { url: 'http://a.example', want: true },
    { url: 'http://192.168.1.2:8100', want: true },
    { url: 'http://localhost.example', want: true },
    { url: 'http://localhost:8100', want: false },
    { url: 'http://127.0.0.1:8100', want: false },
    { url: 'http://[::1]:8100', want: false },
  ];
  for (const { url, want } of cases) {
    it(`is ${want} for ${url}`, () => assert.equal(isReadableOnTheWay(new URL(url)), want));
  }
});

describe('pathSegment', () => {
  it('keeps a name in one segment', () => assert.equal(pathSegment('a/b?c#d %'), 'a%2Fb%3Fc%23d%20%25'));

  for (const name of ['', '.', '..']) {
    it(`refuses ${JSON.stringify(name)}`, () =>
      assert.throws(() => pathSegment(name), { code: 'not-found' }));
  }
});
