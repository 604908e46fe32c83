import assert from 'node:assert/strict';
import { findPythons } from '../../../src/agent/terminals/choose';

describe('The python3 that terminals are made by', () => {
  // For an empty PATH there is no xcode-select either.
  const bare = { PATH: '' };
  const isStandIn = (python: string): boolean => python === 'python3' || python.startsWith('/usr/bin/');

  it("is none of a Mac's own without the developer tools, which would ask for them in a window", async () =>
    assert.deepEqual((await findPythons(bare, 'darwin')).filter(isStandIn), []));

  it("may be a system's own elsewhere", async () =>
    assert.equal((await findPythons(bare, 'linux'))[0], '/usr/bin/python3'));
});
