import assert from 'node:assert/strict';
import { sandboxPageSchema, statusOf, type SandboxInfo } from '../../../../src/cloud/openhands/schemas';
import { parseAnswer } from '../../../../src/cloud/validate';

describe('A list of OpenHands sandboxes', () => {
  const url = { name: 'AGENT_SERVER', url: 'https://runtime.example/abc', port: 60_000 };
  const row = { id: 'a', status: 'RUNNING', session_api_key: 'key', exposed_urls: [url] };
  const parse = (item: unknown): SandboxInfo | null | undefined =>
    parseAnswer(sandboxPageSchema, { items: [item], next_page_id: null }, 'list').items[0];

  it('is read with all that is told of a sandbox', () => {
    assert.deepEqual(parse(row), row);
  });

  it('may have null wherever there is nothing to tell', () => {
    const bare = { status: null, status_detail: null, session_api_key: null, exposed_urls: null };

    assert.deepEqual(parse({ id: 'a', ...bare }), { id: 'a', ...bare });
    assert.equal(parse(null), null);
  });

  const oddities: { readonly name: string; readonly urls: unknown; readonly want: unknown }[] = [
    { name: 'no address', urls: [{ ...url, url: null }, url], want: [url] },
    { name: 'nothing at all', urls: [null, url], want: [url] },
    { name: 'a port that is none', urls: [{ ...url, port: 0 }], want: [{ ...url, port: undefined }] },
    { name: 'a port as text', urls: [{ ...url, port: '80' }], want: [{ ...url, port: undefined }] },
    { name: 'another shape', urls: { AGENT_SERVER: url.url }, want: undefined },
  ];
  for (const { name, urls, want } of oddities) {
    it(`is read although a service has ${name}`, () => {
      assert.deepEqual(parse({ ...row, exposed_urls: urls })?.exposed_urls, want);
    });
  }

  it('is read although a status is no text', () => {
    const info = parse({ ...row, status: { phase: 'RUNNING' } });

    assert.equal(info && statusOf(info), 'unknown');
  });

  const misunderstood = [{ ...row, id: '' }, { ...row, id: 7 }, { status: 'RUNNING' }, 'a'];
  for (const item of misunderstood) {
    it(`is not understood with ${JSON.stringify(item).slice(0, 20)} in place of a sandbox with an id`, () => {
      assert.throws(() => parse(item), { code: 'protocol' });
    });
  }
});
