import assert from 'node:assert/strict';
import { aliasFor, editorTag, isAlias, type AliasParts } from '../../../src/keys/alias';

const parts: AliasParts = {
  provider: 'boxlite',
  baseUrl: 'http://127.0.0.1:8100',
  user: 'me',
  sandboxId: 'box-1',
  name: 'Web server',
  editor: 'vscode',
};
const alias = (changes: Partial<AliasParts> = {}): string => aliasFor({ ...parts, ...changes });
const hashOf = (text: string): string | undefined => /-([a-z2-7]{12})\./.exec(text)?.[1];

describe('aliasFor', () => {
  it('is slug, hash, editor and suffix', () => {
    assert.match(alias(), /^web-server-[a-z2-7]{12}\.vscode\.sbx$/);
  });

  const names = [
    { name: 'quotes and shell syntax', input: `a"b'c\`$(touch x);&|<>`, slug: 'a-b-c-touch-x' },
    { name: 'line breaks and tokens', input: 'a\r\nProxyCommand %h %n', slug: 'a-proxycommand-h-n' },
    { name: 'accents', input: 'Zürich Café', slug: 'zurich-cafe' },
    { name: 'letters outside ASCII with lower-case ASCII parts', input: 'İstanbul', slug: 'istanbul' },
    { name: 'emoji', input: '🚀 rocket 🚀', slug: 'rocket' },
    { name: 'nothing but emoji', input: '🚀🚀', slug: 'sandbox' },
    { name: 'an empty name', input: '', slug: 'sandbox' },
    { name: 'leading hyphens', input: '--oProxyCommand=x', slug: 'oproxycommand-x' },
    { name: '300 characters', input: 'x'.repeat(300), slug: 'x'.repeat(28) },
    { name: 'a cut at a hyphen', input: `${'y'.repeat(27)} zzz`, slug: 'y'.repeat(27) },
    { name: 'a lone surrogate', input: 'a\ud800b', slug: 'a-b' },
  ];
  for (const { name, input, slug } of names) {
    it(`makes a slug of ${name}`, () => {
      const got = alias({ name: input });
      assert.equal(got, `${slug}-${hashOf(got) ?? '?'}.vscode.sbx`);
      assert.ok(isAlias(got));
    });
  }

  it('fits into 63 characters with the longest parts', () => {
    const longest = alias({ name: 'n'.repeat(300), editor: editorTag('e'.repeat(300)) });
    assert.ok(longest.length <= 63, longest);
    assert.ok(isAlias(longest));
  });

  const identities: { name: string; changes: Partial<AliasParts> }[] = [
    { name: 'the sandbox id', changes: { sandboxId: 'box-2' } },
    { name: 'the case of the sandbox id', changes: { sandboxId: 'Box-1' } },
    { name: 'the user', changes: { user: 'you' } },
    { name: 'the provider', changes: { provider: 'coder' } },
    { name: 'the port', changes: { baseUrl: 'http://127.0.0.1:8101' } },
    { name: 'the scheme', changes: { baseUrl: 'https://127.0.0.1:8100' } },
    { name: 'the path', changes: { baseUrl: 'http://127.0.0.1:8100/team' } },
    { name: 'where user and id meet', changes: { user: 'mebox', sandboxId: '-1' } },
  ];
  for (const { name, changes } of identities) {
    it(`tells sandboxes apart by ${name}`, () => assert.notEqual(hashOf(alias(changes)), hashOf(alias())));
  }

  const spellings = ['http://127.0.0.1:8100/', 'HTTP://127.0.0.1:8100'];
  for (const baseUrl of spellings) {
    it(`does not depend on how the URL is spelt: ${baseUrl}`, () =>
      assert.equal(alias({ baseUrl }), alias()));
  }

  it('keeps the hash when the sandbox is renamed', () => {
    assert.equal(hashOf(alias({ name: 'other' })), hashOf(alias()));
  });
});

describe('editorTag', () => {
  for (const scheme of [
    'vscode',
    'vscode-insiders',
    'vscodium',
    'cursor',
    'windsurf',
    'antigravity',
    'code-oss',
  ]) {
    it(`keeps ${scheme}`, () => assert.equal(editorTag(scheme), scheme));
  }

  for (const scheme of ['', '.', 'a.b', '-x', 'x'.repeat(17), 'é', 'a/../b', 'a b']) {
    it(`makes a short plain tag of ${JSON.stringify(scheme)}`, () => {
      assert.match(editorTag(scheme), /^[a-z0-9](?:[a-z0-9-]{0,14}[a-z0-9])?$/);
    });
  }

  it('keeps schemes apart that look the same after cleaning', () => {
    assert.notEqual(editorTag('a.b'), editorTag('a-b'));
    assert.notEqual(editorTag('x'.repeat(17)), editorTag('x'.repeat(18)));
  });
});

describe('isAlias', () => {
  const refused = ['', '.sbx', 'a', 'A-b.vscode.sbx', 'a b.vscode.sbx', '../x.sbx', '-a.sbx', 'a_b.sbx'];
  for (const text of [...refused, 'a\n.sbx', 'a.sbx\n', `${'a'.repeat(60)}.sbx`]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(isAlias(text), false));
  }
});
