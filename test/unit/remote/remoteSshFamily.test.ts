import assert from 'node:assert/strict';
import { installedRemoteSsh, recommendedRemoteSsh } from '../../../src/remote/remoteSshFamily';

describe('Remote-SSH', () => {
  const ids = [
    'ms-vscode-remote.remote-ssh',
    'jeanp413.open-remote-ssh',
    'anysphere.remote-ssh',
    'codeium.windsurf-remote-openssh',
    'google.antigravity-remote-openssh',
  ];
  for (const id of ids) {
    it(`is found as ${id}`, () => assert.equal(installedRemoteSsh((asked) => asked === id)?.id, id));
  }

  it('is not found when none is installed', () => {
    assert.equal(
      installedRemoteSsh(() => false),
      undefined,
    );
  });

  const recommended = [
    { scheme: 'vscode', want: 'ms-vscode-remote.remote-ssh' },
    { scheme: 'vscode-insiders', want: 'ms-vscode-remote.remote-ssh' },
    { scheme: 'cursor', want: 'anysphere.remote-ssh' },
    { scheme: 'windsurf', want: 'codeium.windsurf-remote-openssh' },
    { scheme: 'antigravity', want: 'google.antigravity-remote-openssh' },
    { scheme: 'vscodium', want: 'jeanp413.open-remote-ssh' },
    { scheme: 'some-new-fork', want: 'jeanp413.open-remote-ssh' },
  ];
  for (const { scheme, want } of recommended) {
    it(`is recommended to ${scheme} as ${want}`, () => assert.equal(recommendedRemoteSsh(scheme).id, want));
  }
});
