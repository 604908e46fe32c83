import assert from 'node:assert/strict';
import { isIncluded, withInclude, withoutInclude } from '../../../src/sshConfig/include';

const value = '~/.ssh/cloud-sandboxes/*.config';
const line = `Include ${value}`;

describe('our Include line', () => {
  const contents = [
    { name: 'an empty file', content: '' },
    { name: 'a plain file', content: 'Host a\n  User b\n' },
    { name: 'no final newline', content: 'Host a\n  User b' },
    { name: 'Windows line ends', content: 'Host a\r\n  User b\r\n' },
    { name: 'mixed line ends', content: 'Host a\r\n  User b\n\r\r\n' },
    { name: 'empty lines at the start', content: '\n\n\nHost a\n' },
    { name: 'a comment at the start', content: '# mine\nHost a\n' },
    { name: "another tool's Include", content: 'Include ~/.orbstack/ssh/config\nHost a\n' },
    { name: 'an Include that begins like ours', content: `${line} more\n${line}2\nHost a\n` },
    { name: 'ours in a comment', content: `# ${line}\nHost a\n` },
    { name: 'trailing blanks and tabs', content: 'Host a  \t\n\tUser b \n \t' },
    { name: 'a byte order mark', content: '\u00ef\u00bb\u00bfHost a\n' },
    { name: 'bytes that are no UTF-8', content: '# caf\u00e9 \u00ff\u0080\nHost a\n' },
    { name: 'dollar signs', content: "ProxyCommand $'x' $& $1 $$\n" },
  ];
  for (const { name, content } of contents) {
    it(`is added and removed without a trace: ${name}`, () => {
      const bytes = Buffer.from(content, 'latin1');
      const added = withInclude(bytes, value);
      assert.ok(isIncluded(added, value));
      assert.equal(added.length, bytes.length + line.length + (/^[^\n]*\r\n/.test(content) ? 2 : 1));
      assert.deepEqual(withoutInclude(added, value), bytes);
      assert.deepEqual(withInclude(added, value), added);
    });
  }

  it('stands before everything, after a byte order mark only', () => {
    assert.equal(withInclude(Buffer.from('# x\n'), value).toString(), `${line}\n# x\n`);
    assert.equal(withInclude(Buffer.from('\ufeff# x\n'), value).toString(), `\ufeff${line}\n# x\n`);
  });

  const moved = [
    {
      name: 'below a Host block',
      content: `Host a\n  User b\n${line}\nHost c\n`,
      want: 'Host a\n  User b\nHost c\n',
    },
    { name: 'inside a Host block', content: `Host a\n  ${line}\n  User b\n`, want: 'Host a\n  User b\n' },
    { name: 'at the end, without newline', content: `Host a\n${line}`, want: 'Host a\n' },
    { name: 'twice', content: `${line}\nHost a\n${line}\n`, want: 'Host a\n' },
    { name: 'in other letters', content: `Host a\nINCLUDE   ${value} \r\n`, want: 'Host a\n' },
  ];
  for (const { name, content, want } of moved) {
    it(`is moved to the top when it is ${name}`, () => {
      assert.equal(isIncluded(Buffer.from(content), value), false);
      assert.equal(withInclude(Buffer.from(content), value).toString(), `${line}\n${want}`);
    });
  }

  it('may stay below comments and empty lines', () => {
    assert.ok(isIncluded(Buffer.from(`# mine\n\n  # too\n${line}\nHost a\n`), value));
  });

  it('is not found in a value that only matches as a pattern', () => {
    assert.equal(isIncluded(Buffer.from('Include ~/.ssh/cloud-sandboxes/xxconfig\n'), value), false);
  });
});
