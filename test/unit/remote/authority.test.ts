import assert from 'node:assert/strict';
import {
  authorityOf,
  hostOfAuthority,
  hostOfOpen,
  type Location,
  type OpenResources,
} from '../../../src/remote/authority';

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

describe('hostOfOpen', () => {
  const web = 'web-abc.vscode.sbx';
  const api = 'api-def.vscode.sbx';
  const remote = (alias: string): Location => ({ scheme: 'vscode-remote', authority: authorityOf(alias) });
  const here: Location = { scheme: 'file', authority: '' };
  const unsaved: Location = { scheme: 'untitled', authority: '' };
  const compared: Location = { scheme: 'git', authority: authorityOf(api) };
  const cases: { name: string; open: Partial<OpenResources>; want: string | undefined }[] = [
    { name: 'a folder', open: { folders: [remote(web)] }, want: web },
    { name: 'a saved workspace', open: { workspaceFile: remote(web), folders: [here] }, want: web },
    {
      name: 'the folders of an unsaved one',
      open: { workspaceFile: unsaved, folders: [remote(web)] },
      want: web,
    },
    { name: 'a file in a window without a folder', open: { documents: [unsaved, remote(web)] }, want: web },
    { name: 'no document that only looks remote', open: { documents: [compared] }, want: undefined },
    { name: 'nothing in a local window', open: { folders: [here], documents: [here] }, want: undefined },
    { name: 'nothing in an empty window', open: {}, want: undefined },
  ];
  for (const { name, open, want } of cases) {
    it(`is told by ${name}`, () => {
      assert.equal(hostOfOpen({ workspaceFile: undefined, folders: [], documents: [], ...open }), want);
    });
  }
});
