import assert from 'node:assert/strict';
import { startFailure } from '../../../src/localCloud/startFailure';

const log = '/state/server.log';

describe('Why the local cloud did not start', () => {
  it('is told in its own words where it has some', () => {
    const output =
      '2026-01-01T00:00:00.000Z info: Looking\nlocalCloud: Cannot listen on port 80: it is taken\n';
    assert.equal(startFailure(output, log), 'Cannot listen on port 80: it is taken');
  });

  const crashes: { name: string; output: string; says: string }[] = [
    {
      name: 'the error that nobody caught',
      output: `/opt/localCloud.js:3
throw new TypeError('boom');
^

TypeError: boom
    at Object.<anonymous> (/opt/localCloud.js:3:7)

Node.js v20.19.0
`,
      says: 'TypeError: boom',
    },
    {
      name: 'an error with a code, behind what was logged before',
      output: `2026-01-01T00:00:00.000Z info: Looking
node:internal/fs/promises:639
      const err = new Error();
      ^

Error [ERR_TLS]: no\u001b[31m certificates
    at node:internal/main
`,
      says: 'Error [ERR_TLS]: no [31m certificates',
    },
    {
      name: 'that memory ran out',
      output: `
<--- Last few GCs --->
[1:0x1] 1 ms: Scavenge

FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
`,
      says: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    },
    {
      name: 'what a program says that is no Node',
      output: 'exec: cannot execute binary file\n  more\n',
      says: 'exec: cannot execute binary file',
    },
    {
      name: 'that nothing was said of the end',
      output: '2026-01-01T00:00:00.000Z info: Looking\n',
      says: 'it ended without a word',
    },
  ];
  for (const { name, output, says } of crashes) {
    it(`is, on one line, ${name}, and where the rest is`, () => {
      assert.equal(startFailure(output, log), `${says} (the whole report is in ${log})`);
    });
  }
});
