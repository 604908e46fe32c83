import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { shellText } from '../../../src/remote/shellText';

const alias = 'web-aaaabbbbcccc.vscode.sbx';

describe('A command to paste', () => {
  const cases: { platform: NodeJS.Platform; file: string; text: string }[] = [
    {
      platform: 'linux',
      file: '/home/ada/.ssh/cloud-sandboxes/vscode.config',
      text: `ssh -F /home/ada/.ssh/cloud-sandboxes/vscode.config ${alias}`,
    },
    {
      platform: 'darwin',
      file: '/Users/Ada & Co/.ssh/vscode.config',
      text: `ssh -F "/Users/Ada & Co/.ssh/vscode.config" ${alias}`,
    },
    {
      platform: 'win32',
      file: 'C:\\Users\\ada\\.ssh\\vscode.config',
      text: `ssh -F C:/Users/ada/.ssh/vscode.config ${alias}`,
    },
    {
      platform: 'win32',
      file: 'C:\\Users\\Ada Ünal (home)\\.ssh\\vscode.config',
      text: `ssh -F "C:/Users/Ada Ünal (home)/.ssh/vscode.config" ${alias}`,
    },
  ];
  for (const { platform, file, text } of cases) {
    it(`on ${platform} for ${file} is ${text}`, () => {
      assert.equal(shellText({ program: 'ssh', arguments: ['-F', file, alias] }, platform), text);
    });
  }

  it('is an alias alone where that is enough', () => {
    assert.equal(shellText({ program: 'ssh', arguments: [alias] }), `ssh ${alias}`);
  });

  for (const word of ["it's", 'a b', 'a;b', 'a&b', '(x)', 'a|b', '*', '<a>', '#a', '{a,b}', 'ü', '~/a']) {
    it(`passes ${word} through a shell as it is`, () => {
      const text = shellText({ program: 'printf', arguments: ['%s|', word, alias] }, 'linux');
      assert.equal(execFileSync('/bin/sh', ['-c', text], { encoding: 'utf8' }), `${word}|${alias}|`);
    });
  }
});
