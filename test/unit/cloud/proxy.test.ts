import assert from 'node:assert/strict';
import { isLoopback, parseProxy, proxyFor } from '../../../src/cloud/proxy';

describe('proxyFor', () => {
  const proxyUrl = 'http://proxy:3128';
  const cases: { url: string; noProxy: string[]; proxied: boolean }[] = [
    { url: 'https://a.example/', noProxy: [], proxied: true },
    { url: 'https://a.example/', noProxy: ['*'], proxied: false },
    { url: 'https://a.example/', noProxy: ['a.example'], proxied: false },
    { url: 'https://A.Example/', noProxy: [' A.EXAMPLE '], proxied: false },
    { url: 'https://a.example/', noProxy: ['example'], proxied: false },
    { url: 'https://a.example/', noProxy: ['.example'], proxied: false },
    { url: 'https://a.example/', noProxy: ['*.example'], proxied: false },
    { url: 'https://aexample/', noProxy: ['example'], proxied: true },
    { url: 'https://a.example/', noProxy: ['a.example:443'], proxied: false },
    { url: 'https://a.example/', noProxy: ['a.example:80'], proxied: true },
    { url: 'http://a.example:8080/', noProxy: ['a.example:8080'], proxied: false },
    { url: 'https://a.example/', noProxy: ['', '.', 'b.example'], proxied: true },
    { url: 'https://[2001:db8::1]/', noProxy: ['[2001:db8::1]'], proxied: false },
    { url: 'https://[2001:db8::1]/', noProxy: ['2001:db8::1'], proxied: false },
    { url: 'https://[2001:db8::1]/', noProxy: ['2001:DB8:0::1'], proxied: false },
    { url: 'https://[2001:db8::1]/', noProxy: ['[2001:db8::1]:443'], proxied: false },
    { url: 'https://[2001:db8::1]/', noProxy: ['[2001:db8::1]:80'], proxied: true },
    { url: 'https://[2001:db8::1]/', noProxy: ['2001:db8::/32'], proxied: false },
    { url: 'https://[2001:db9::1]/', noProxy: ['2001:db8::/32'], proxied: true },
    { url: 'http://10.1.2.3:8000/', noProxy: ['10.0.0.0/8'], proxied: false },
    { url: 'http://11.1.2.3:8000/', noProxy: ['10.0.0.0/8'], proxied: true },
    { url: 'http://10.1.2.3:8000/', noProxy: ['10.1.2.3:8000'], proxied: false },
    { url: 'http://10.1.2.3:8000/', noProxy: ['10.0.0.0/33', '10.0.0.0/', '/8'], proxied: true },
    { url: 'https://a.example/', noProxy: ['0.0.0.0/0', '::/0'], proxied: true },
    { url: 'http://localhost:1/', noProxy: [], proxied: false },
    { url: 'http://127.1.2.3/', noProxy: [], proxied: false },
    { url: 'http://[::1]:8080/', noProxy: [], proxied: false },
  ];
  for (const { url, noProxy, proxied } of cases) {
    it(`${proxied ? 'leads' : 'does not lead'} ${url} through it with noProxy ${JSON.stringify(noProxy)}`, () => {
      const proxy = proxyFor(new URL(url), { proxyUrl, noProxy });

      assert.equal(proxy?.host, proxied ? 'proxy:3128' : undefined);
    });
  }
});

describe('parseProxy', () => {
  for (const scheme of ['http', 'https', 'socks', 'socks4', 'socks4a', 'socks5', 'socks5h']) {
    it(`accepts ${scheme}://, as the editor does`, () => {
      const { hostname, port } = parseProxy(`${scheme}://ann:s3cret@proxy:3128`);

      assert.deepEqual([hostname, port], ['proxy', '3128']);
    });
  }

  for (const bad of ['proxy:3128', 'socks5:', 'ftp://ann:s3cret@proxy', 'nonsense s3cret']) {
    it(`refuses ${bad} without repeating it, and names the setting`, () => {
      assert.throws(
        () => parseProxy(bad),
        (error: Error) => {
          assert.ok('code' in error && error.code === 'invalid');
          assert.match(error.message, /http\.proxy/);
          assert.ok(!error.message.includes('s3cret'));
          return true;
        },
      );
    });
  }
});

describe('isLoopback', () => {
  const hosts = [
    ['localhost', true],
    ['LOCALHOST', true],
    ['box.localhost', true],
    ['127.0.0.1', true],
    ['[::1]', true],
    ['localhost.example', false],
    ['127.example', false],
    ['10.0.0.1', false],
    ['0.0.0.0', false],
  ] as const;
  for (const [host, want] of hosts) {
    it(`${host}: ${want}`, () => assert.equal(isLoopback(host), want));
  }
});
