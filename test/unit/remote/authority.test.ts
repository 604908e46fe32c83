import assert from 'node:assert/strict';
import { authorityOf, hostOfAuthority } from '../../../src/remote/authority';

const hex = (text: string): string => Buffer.from(text).toString('hex');

describe('hostOfAuthority', () => {
  const alias = 'box-abc.vscode.sbx';
  const cases = [
    { name: 'a plain alias', authority: authorityOf(alias), want: alias },
    { name: 'a host in JSON', authority: `ssh-remote+${hex('{"hostName":"Box","user":"me"}')}`, want: 'Box' },
    { name: 'hexadecimal that is no JSON', authority: 'ssh-remote+7b22', want: '7b22' },
    { name: 'JSON without a host', authority: `ssh-remote+${hex('{"a":1}')}`, want: hex('{"a":1}') },
    { name: 'another kind of remote', authority: 'wsl+debian', want: undefined },
    { name: 'no remote', authority: '', want: undefined },
  ];
  for (const { name, authority, want } of cases) {
    it(`reads ${name}`, () => assert.equal(hostOfAuthority(authority), want));
  }
});
