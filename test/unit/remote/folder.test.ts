import assert from 'node:assert/strict';
import { fallbackFolder, isFolderPath, parseFolder } from '../../../src/remote/folder';

describe('parseFolder', () => {
  const accepted = [
    { output: '/workspace\n', want: '/workspace' },
    { output: '/home/a b/ünï\r\n', want: '/home/a b/ünï' },
  ];
  for (const { output, want } of accepted) {
    it(`takes ${JSON.stringify(output)}`, () => assert.equal(parseFolder(output), want));
  }

  const rejected = ['', '\n', '/', 'workspace\n', '/a\n/b\n', '/a\u001b[31m\n', `/${'x'.repeat(2000)}\n`];
  for (const output of rejected) {
    it(`rejects ${JSON.stringify(output.slice(0, 30))}`, () => assert.equal(parseFolder(output), undefined));
  }
});

describe('The folder that is proposed where a sandbox has none', () => {
  it('is one that may be opened', () => assert.ok(isFolderPath(fallbackFolder)));
});
