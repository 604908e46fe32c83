import assert from 'node:assert/strict';
import { isWrittenByUserAlone } from '../../../src/connection/codeCache';

describe('A file of compiled code', () => {
  const cases = [
    { name: 'of the user', platform: 'linux', uid: 1000, mode: 0o100600, isTrusted: true },
    { name: 'that others may read', platform: 'darwin', uid: 1000, mode: 0o100644, isTrusted: true },
    { name: 'that the group may write', platform: 'darwin', uid: 1000, mode: 0o100620, isTrusted: false },
    { name: 'that everybody may write', platform: 'linux', uid: 1000, mode: 0o100602, isTrusted: false },
    { name: 'of somebody else', platform: 'linux', uid: 1001, mode: 0o100600, isTrusted: false },
    // As Node describes every file there.
    { name: 'without a mode', platform: 'win32', uid: 0, mode: 0o100666, isTrusted: true },
  ] as const;
  for (const { name, platform, uid, mode, isTrusted } of cases) {
    it(`${name} is ${isTrusted ? '' : 'not '}trusted on ${platform}`, () => {
      const user = platform === 'win32' ? undefined : 1000;
      assert.equal(isWrittenByUserAlone({ uid, mode }, { platform, user }), isTrusted);
    });
  }
});
