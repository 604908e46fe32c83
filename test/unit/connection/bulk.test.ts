import assert from 'node:assert/strict';
import { pipeWidening } from '../../../src/connection/bulk';

describe('pipeWidening', () => {
  const cases = [
    { platform: 'linux', program: 'perl' },
    { platform: 'darwin', program: undefined },
    { platform: 'win32', program: undefined },
  ] as const;
  for (const { platform, program } of cases) {
    it(`takes ${program ?? 'no program'} on ${platform}`, () => {
      assert.equal(pipeWidening(platform)?.program, program);
    });
  }
});
