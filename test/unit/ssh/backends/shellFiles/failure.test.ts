import assert from 'node:assert/strict';
import { failureOf } from '../../../../../src/ssh/backends/shellFiles/failure';

describe('failureOf', () => {
  const cases = [
    { who: 'GNU', output: "rm: cannot remove './a': No such file or directory\n", code: 'no-such-file' },
    {
      who: 'GNU',
      output: "stat: cannot statx './a': Too many levels of symbolic links\n",
      code: 'no-such-file',
    },
    { who: 'musl', output: "stat: can't stat './a': Symbolic link loop\n", code: 'no-such-file' },
    { who: 'busybox', output: "rm: can't remove './a': Permission denied\n", code: 'permission-denied' },
    {
      who: 'chown',
      output: "chown: changing ownership of './a': Operation not permitted\n",
      code: 'permission-denied',
    },
    { who: "uutils' mv", output: 'mv: No such file or directory (os error 2)\n', code: 'no-such-file' },
    { who: "uutils' mv", output: 'mv: Permission denied (os error 13)\n', code: 'permission-denied' },
    {
      who: "dash's redirection",
      output: 'sh: 3: cannot create ./a/b: Directory nonexistent\n',
      code: 'no-such-file',
    },
    {
      who: "busybox's redirection",
      output: "sh: can't create ./a/b: nonexistent directory\n",
      code: 'no-such-file',
    },
    {
      who: "bash's redirection",
      output: 'sh: line 3: ./a/b: No such file or directory\n',
      code: 'no-such-file',
    },
    { who: "zsh's redirection", output: 'open:3: no such file or directory: ./a/b\n', code: 'no-such-file' },
    { who: "zsh's cd", output: 'cd: permission denied: /a\n', code: 'permission-denied' },
    {
      who: "mksh's redirection",
      output: 'W: sh: <stdin>[3]: ./a/b: create: No such file or directory\n',
      code: 'no-such-file',
    },
    {
      who: "ksh93's redirection",
      output: 'sh[3]: ./a/b: cannot create [No such file or directory]\n',
      code: 'no-such-file',
    },
    {
      who: "yash's redirection",
      output: "sh: redirection: cannot open file `./a/b': Not a directory\n",
      code: 'no-such-file',
    },
    {
      who: 'a file system that is full',
      output: 'cat: write error: No space left on device\n',
      code: 'failure',
    },
    { who: 'our own functions', output: ': File exists\n', code: 'failure' },
    { who: 'nobody', output: '', code: 'failure' },
  ];
  for (const { who, output, code } of cases) {
    it(`understands ${who}: ${code}`, () => {
      assert.equal(failureOf(output, 1).code, code);
    });
  }

  it('is not misled by a name', () => {
    const { code, message } = failureOf("rm: cannot remove './x: Permission denied': Is a directory\n", 1);

    assert.deepEqual([code, message], ['failure', 'Is a directory']);
  });

  it('says which program is missing', () => {
    const { code, message } = failureOf('sh: 1: chown: not found\n', 127);

    assert.equal(code, 'unsupported');
    assert.match(message, /chown: not found/);
  });

  it('shows no control characters', () => {
    assert.equal(failureOf('a: \u001b[31mbad\u0007\n', 1).message, '[31mbad');
  });
});
