import assert from 'node:assert/strict';
import { networkSettings, type EditorNetworkSettings } from '../../../src/remote/networkSettings';

describe('networkSettings', () => {
  const cases: {
    name: string;
    editor: EditorNetworkSettings;
    env?: NodeJS.ProcessEnv;
    certificates?: string[];
    want: object;
  }[] = [
    { name: 'nothing set', editor: { proxy: '', proxyStrictSSL: true, noProxy: [] }, want: {} },
    {
      name: 'the editor’s proxy before the environment’s',
      editor: { proxy: 'http://editor:1', noProxy: ['.corp'] },
      env: { HTTPS_PROXY: 'http://env:2' },
      want: { proxyUrl: 'http://editor:1', noProxy: ['.corp'] },
    },
    {
      name: 'the environment’s proxy, in either case',
      editor: { proxy: '' },
      env: { https_proxy: 'http://env:2', no_proxy: 'localhost, .corp' },
      want: { proxyUrl: 'http://env:2', noProxy: ['localhost', '.corp'] },
    },
    {
      name: 'exceptions that were written as one text, as in the variable',
      editor: { proxy: 'http://editor:1', noProxy: 'localhost, .corp' },
      want: { proxyUrl: 'http://editor:1', noProxy: ['localhost', '.corp'] },
    },
    {
      name: 'nothing of what is of another type',
      editor: { proxy: 8080, noProxy: { corp: true }, proxyAuthorization: ['a'], proxyStrictSSL: 'false' },
      want: {},
    },
    {
      name: 'the exceptions that are texts',
      editor: { proxy: 'http://editor:1', noProxy: [1, ' .corp ', null] },
      want: { proxyUrl: 'http://editor:1', noProxy: ['.corp'] },
    },
    {
      name: 'no proxy when the editor’s support is off',
      editor: { proxy: 'http://editor:1', proxySupport: 'off' },
      env: { HTTPS_PROXY: 'http://env:2' },
      want: {},
    },
    {
      name: 'what authenticates to the proxy',
      editor: { proxy: 'http://editor:1', proxyAuthorization: 'Basic YTpi' },
      want: { proxyUrl: 'http://editor:1', proxyAuthorization: 'Basic YTpi' },
    },
    {
      name: 'nothing secret where there is no proxy',
      editor: { proxy: '', proxyAuthorization: 'Basic YTpi' },
      want: {},
    },
    {
      name: 'no authorization that is not set',
      editor: { proxy: 'http://e:1', proxyAuthorization: null },
      want: { proxyUrl: 'http://e:1' },
    },
    { name: 'this computer’s certificates', editor: {}, certificates: ['PEM'], want: { extraCa: ['PEM'] } },
    {
      name: 'none of them when the editor does not use them',
      editor: { systemCertificates: false },
      certificates: ['PEM'],
      want: {},
    },
    { name: 'lax TLS only on request', editor: { proxyStrictSSL: false }, want: { strictTls: false } },
  ];
  for (const { name, editor, env = {}, certificates = [], want } of cases) {
    it(`gives ${name}`, () =>
      assert.deepEqual(
        networkSettings(editor, env, () => certificates),
        want,
      ));
  }
});
