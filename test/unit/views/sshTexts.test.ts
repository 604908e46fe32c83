import assert from 'node:assert/strict';
import type { Sandbox } from '../../../src/cloud/provider';
import type { RemovedSetup } from '../../../src/remote/sshAccess';
import { copiedText, removedSetupText } from '../../../src/views/sshTexts';

const box: Sandbox = { id: 'id1', name: 'box', status: 'running' };
const nothing: RemovedSetup = {
  sandboxes: [],
  settingsWithEntries: [],
  config: { edited: [], isShared: false },
  settings: [],
};
const again = 'Opening a sandbox sets up anew what it needs.';

describe('What is said of ssh', () => {
  it('has the command that was copied, and that it does not start a stopped sandbox', () => {
    assert.equal(copiedText('ssh x', box), 'Copied: ssh x');
    assert.equal(
      copiedText('ssh x', { ...box, status: 'stopped' }),
      'Copied: ssh x. “box” is stopped now, and ssh does not start it.',
    );
  });

  const removals: { what: string; removed: RemovedSetup; text: string }[] = [
    { what: 'nothing', removed: nothing, text: 'There was nothing of ours to remove.' },
    {
      what: 'everything',
      removed: {
        sandboxes: ['box'],
        settingsWithEntries: ['remote.SSH.remotePlatform'],
        config: { edited: ['/h/.ssh/config'], folder: '/h/.ssh/cloud-sandboxes', isShared: false },
        settings: [{ name: 'remote.SSH.connectTimeout', value: 30 }],
      },
      text:
        'Removed: SSH keys and entries of “box”; their entries in remote.SSH.remotePlatform; our line in /h/.ssh/config; ' +
        'the folder /h/.ssh/cloud-sandboxes. As before: remote.SSH.connectTimeout is 30. ' +
        again,
    },
    {
      what: 'a setting of ours alone',
      removed: { ...nothing, settings: [{ name: 'remote.SSH.connectTimeout', value: undefined }] },
      text: `As before: remote.SSH.connectTimeout is not set. ${again}`,
    },
    {
      what: 'this editor’s part',
      removed: { ...nothing, sandboxes: ['box'], config: { edited: [], isShared: true } },
      text: `Removed: SSH keys and entries of “box”. Another editor still uses the line and the folder. ${again}`,
    },
  ];
  for (const { what, removed, text } of removals) {
    it(`tells that ${what} was removed`, () => assert.equal(removedSetupText(removed), text));
  }
});
