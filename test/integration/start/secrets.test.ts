import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { useNpmStart } from '../../helpers/npmStart';
import { requireTool, skipFor } from '../../helpers/require';

describe('secrets', () => {
  before(function () {
    requireTool(this, 'ssh');
    if (process.platform !== 'linux') skipFor(this, 'only /proc shows what processes hold');
  });
  const start = useNpmStart();

  // Its hooks end the command before the cloud ends, for which the command would wait.
  describe('of a command that runs', () => {
    let child: ChildProcess;
    let log = '';
    let token: string;
    let tokenFile: string;

    before(async () => {
      child = start.current.spawn(['echo ready; cat'], { CLOUD_SANDBOXES_LOG: 'debug' });
      child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
      const [output] = (await once(child.stdout!, 'data')) as [Buffer];
      assert.equal(output.toString(), 'ready\n');
      tokenFile = path.join(start.current.home, 'local-cloud', 'token');
      token = readFileSync(tokenFile, 'utf8').trim();
    });
    after(async () => {
      child.stdin!.end();
      await once(child, 'exit');
    });

    it('are in no file but the one of the local cloud’s token', () => {
      const holders = filesBelow(start.current.dir).filter((file) =>
        holdsSecret(readFileSync(file, 'latin1'), token),
      );

      assert.deepEqual(holders, [tokenFile]);
    });

    for (const source of ['cmdline', 'environ']) {
      it(`are in no process’s ${source === 'cmdline' ? 'arguments' : 'environment'}`, () => {
        const holders = processes().filter((pid) => holdsSecret(readProc(pid, source), token));

        assert.deepEqual(holders, []);
      });
    }

    it('are in no log', () => {
      assert.match(log, /backend agent/);
      assert.equal(holdsSecret(log, token), false);
    });

    it('stand in a file and folder that only the user can read', () => {
      assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
      assert.equal(statSync(path.dirname(tokenFile)).mode & 0o777, 0o700);
    });
  });
});

function holdsSecret(text: string, token: string): boolean {
  return text.includes(token) || text.includes('PRIVATE KEY');
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** Empty for a process that has ended, or that we may not look into. */
function readProc(pid: string, source: string): string {
  try {
    return readFileSync(`/proc/${pid}/${source}`, 'latin1');
  } catch {
    return '';
  }
}
