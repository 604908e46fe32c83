import assert from 'node:assert/strict';
import { runtimeDir } from '../../../src/base/paths';
import { renderCmdLauncher, renderPosixLauncher } from '../../../src/sshConfig/launcher';
import { stableRuntimes } from '../../../src/sshConfig/runtimes';

describe('stableRuntimes', () => {
  const cases = [
    {
      name: 'an installed editor',
      execPath: '/usr/share/code/code',
      env: {},
      want: ['/usr/share/code/code'],
    },
    {
      name: 'a snap, whose revision goes with the next update',
      execPath: '/snap/code/173/usr/share/code/code',
      env: {},
      want: ['/snap/code/current/usr/share/code/code'],
    },
    {
      name: 'a snap of Fedora, where /snap is a link',
      execPath: '/var/lib/snapd/snap/code/173/usr/share/code/code',
      env: {},
      want: ['/var/lib/snapd/snap/code/current/usr/share/code/code'],
    },
    {
      name: 'an AppImage, whose mount goes when it ends',
      execPath: '/tmp/.mount_CurXyz/usr/share/cursor/cursor',
      env: { APPDIR: '/tmp/.mount_CurXyz', APPIMAGE: '/home/jo/Cursor.AppImage' },
      want: ['/home/jo/Cursor.AppImage'],
    },
    {
      name: 'an editor started from within an AppImage',
      execPath: '/usr/share/code/code',
      env: { APPDIR: '/tmp/.mount_CurXyz', APPIMAGE: '/home/jo/Cursor.AppImage' },
      want: ['/usr/share/code/code'],
    },
  ];
  for (const { name, execPath, env, want } of cases) {
    it(`are right for ${name}`, () => assert.deepEqual(stableRuntimes(execPath, env), want));
  }
});

describe('the launcher of Linux and macOS', () => {
  const runtime =
    '/private/var/folders/x/Visual Studio Code.app/Contents/Frameworks/Code Helper (Plugin).app/Contents/MacOS/Code Helper (Plugin)';
  const text = renderPosixLauncher({
    runtimes: [runtime, "/opt/o'brien/code"],
    script: '/Users/j d/.vscode/extensions/x/dist/connection.js',
    runDir: '/tmp/cloud-sandboxes-501',
  });

  it('names runtimes so that the shell takes each as one word', () => {
    assert.ok(text.includes(`for runtime in '${runtime}' '/opt/o'\\''brien/code'; do`), text);
  });

  it('is for any sh: no bash, no function of the editor’s environment', () => {
    assert.ok(text.startsWith('#!/bin/sh\n'));
    assert.doesNotMatch(text, /\[\[|\bfunction\b|\blocal\b|\r/);
  });

  it('leaves stdin, which carries SSH, to the connection', () => {
    for (const line of text.split('\n').filter((each) => each.includes('node -e')))
      assert.match(line, /<\/dev\/null/);
  });
});

describe('the Windows launcher', () => {
  const env = { USERPROFILE: 'C:\\Users\\Jürgen', LOCALAPPDATA: 'C:\\Users\\Jürgen\\AppData\\Local' };
  const spec = {
    runtimes: [
      'C:\\Users\\Jürgen\\AppData\\Local\\Programs\\Microsoft VS Code\\Code.exe',
      'C:\\Program Files (x86)\\100%\\node.exe',
      'D:\\Über\\node.exe',
    ],
    script: 'c:\\users\\jürgen\\.vscode\\extensions\\x\\dist\\connection.js',
    runDir: runtimeDir({
      platform: 'win32',
      env,
      home: env.USERPROFILE,
      temporary: 'C:\\Users\\Jürgen\\AppData\\Local\\Temp',
      user: undefined,
      owns: () => true,
    }),
  };
  const text = renderCmdLauncher(spec, env);
  const lines = text.split('\r\n');

  it('has Windows line ends and ASCII only, for cmd.exe reads neither LF labels nor UTF-8 well', () => {
    assert.match(text, /^(?:[\x20-\x7e]*\r\n)*$/);
  });

  it('finds folders of a name with other letters by their variable', () => {
    assert.ok(lines.includes('set "SCRIPT=%USERPROFILE%\\.vscode\\extensions\\x\\dist\\connection.js"'));
    assert.ok(lines.includes('set "RUN_DIR=%LOCALAPPDATA%\\cloud-sandboxes\\run"'));
    assert.ok(lines.includes('if exist "%LOCALAPPDATA%\\Programs\\Microsoft VS Code\\Code.exe" ('));
  });

  it('doubles percent signs', () =>
    assert.ok(lines.includes('if exist "C:\\Program Files (x86)\\100%%\\node.exe" (')));

  it('leaves out a runtime that it cannot name', () => assert.doesNotMatch(text, /D:/));

  it('touches stdin nowhere, which carries SSH', () => {
    assert.doesNotMatch(text, /set \/p|pause|chcp|%\*/i);
    for (const line of lines.filter((each) => each.includes('node -e'))) assert.match(line, /<nul/);
  });

  it('sets the variable without the quotes', () => assert.ok(lines.includes('set "ELECTRON_RUN_AS_NODE=1"')));

  it('is refused for a script that it cannot name', () => {
    assert.throws(() => renderCmdLauncher({ ...spec, script: 'D:\\Über\\c.js' }, env), {
      code: 'unsupported-path',
    });
  });
});
