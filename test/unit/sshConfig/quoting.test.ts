import assert from 'node:assert/strict';
import { configPath, includePattern, proxyCommandPath } from '../../../src/sshConfig/quoting';

describe('paths in a ProxyCommand', () => {
  const accepted = [
    { name: 'a plain path', file: '/home/jo/.ssh/x', platform: 'linux', want: '"/home/jo/.ssh/x"' },
    {
      name: 'blanks and parentheses',
      file: '/Users/J D (x)/a',
      platform: 'darwin',
      want: '"/Users/J D (x)/a"',
    },
    { name: 'percent signs', file: '/home/100%/%n', platform: 'linux', want: '"/home/100%%/%%n"' },
    { name: 'other letters', file: '/home/jürgen/x', platform: 'linux', want: '"/home/jürgen/x"' },
    {
      name: "a single quote and '&'",
      file: "/home/o'b & co/x",
      platform: 'linux',
      want: `"/home/o'b & co/x"`,
    },
    { name: 'Windows', file: 'C:\\Users\\J D\\x.cmd', platform: 'win32', want: '"C:/Users/J D/x.cmd"' },
  ] as const;
  for (const { name, file, platform, want } of accepted) {
    it(`are one double-quoted word with forward slashes: ${name}`, () =>
      assert.equal(proxyCommandPath(file, platform), want));
  }

  for (const character of ['"', '$', '`', '\\', '!', '\r', '\n', '\0']) {
    it(`are refused with ${JSON.stringify(character)}, naming the path`, () => {
      const error = { code: 'unsupported-path', message: /\/home\/a.*use a folder without that character/ };
      assert.throws(() => proxyCommandPath(`/home/a${character}b/x`, 'linux'), error);
    });
  }
});

describe('paths as values', () => {
  const accepted = [
    { name: 'below home', file: '/home/j d%/.ssh/c/k', platform: 'linux', want: '~/.ssh/c/k' },
    {
      name: 'below home, with a blank',
      file: '/home/j d%/a b/k',
      platform: 'linux',
      want: '"/home/j d%%/a b/k"',
    },
    { name: 'elsewhere', file: '/tmp/x%y/k', platform: 'linux', want: '"/tmp/x%%y/k"' },
    { name: 'beside home', file: '/home/j d%2/k', platform: 'linux', want: '"/home/j d%%2/k"' },
  ] as const;
  const onWindows = [
    { name: 'below home', file: 'C:\\Users\\J D\\.ssh\\c\\k', want: '~/.ssh/c/k' },
    { name: 'below home, with a blank', file: 'C:\\Users\\J D\\a b\\k', want: '"C:/Users/J D/a b/k"' },
    { name: 'in another spelling of home', file: 'c:\\users\\j d\\.ssh\\k', want: '~/.ssh/k' },
    { name: 'on another drive', file: 'D:\\x\\k', want: '"D:/x/k"' },
    { name: 'on another computer', file: '\\\\server\\share\\k', want: '"//server/share/k"' },
  ];
  for (const { name, file, want } of onWindows) {
    it(`have no backslash on Windows, which escapes since OpenSSH 8.7: ${name}`, () =>
      assert.equal(configPath(file, 'C:\\Users\\J D', 'win32'), want));
  }

  for (const { name, file, platform, want } of accepted) {
    it(`are short or quoted: ${name}`, () => assert.equal(configPath(file, '/home/j d%', platform), want));
  }

  for (const character of ['"', '$', '\\', '\n']) {
    it(`are refused with ${JSON.stringify(character)}`, () =>
      assert.throws(() => configPath(`/tmp/${character}/k`, '/root', 'linux'), { code: 'unsupported-path' }));
  }
});

describe('the value of an Include line', () => {
  it('is absolute, for "~" is expanded by $HOME here', () => {
    assert.equal(
      includePattern('/home/jo/.ssh/c', '.config', '/home/jo', 'linux'),
      '/home/jo/.ssh/c/*.config',
    );
  });

  it('is relative to a home that cannot be written', () => {
    assert.equal(
      includePattern('/h/a b$[c]%/.ssh/c', '.config', '/h/a b$[c]%', 'linux'),
      '~/.ssh/c/*.config',
    );
  });

  it('is short on Windows, where a drive’s letter may be taken for a relative path', () => {
    const home = 'C:\\Users\\J D';
    assert.equal(includePattern(`${home}\\.ssh\\c`, '.config', home, 'win32'), '~/.ssh/c/*.config');
    assert.equal(includePattern('D:\\a b', '.config', home, 'win32'), '"D:/a b/*.config"');
  });

  it('is quoted elsewhere', () => {
    assert.equal(includePattern('/tmp/a b', '.config', '/root', 'linux'), '"/tmp/a b/*.config"');
  });

  for (const character of ['%', '$', '[', ']', '*', '?', '{', '"', '\\']) {
    it(`is refused with ${character}, which ssh or glob would expand`, () =>
      assert.throws(() => includePattern(`/tmp/${character}`, '.config', '/root', 'linux'), {
        code: 'unsupported-path',
      }));
  }
});
