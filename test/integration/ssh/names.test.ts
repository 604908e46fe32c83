import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import { serveSandbox } from '../../../src/start/serveSandbox';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { withoutWaits } from '../../helpers/waits';

/** Made by whatever runs a part of a name as a command. */
const canary = path.join(os.tmpdir(), `sbx-canary-${process.pid}`);

const names: readonly { what: string; name: string }[] = [
  { what: 'quotes', name: `it's "the" one` },
  { what: 'a newline', name: `one\nHost *\n  ProxyCommand touch ${canary}\n` },
  { what: 'a carriage return and a NUL', name: 'one\rtwo\0three' },
  { what: 'percent signs', name: '100%h %n %% %' },
  { what: 'a command substitution', name: `$(touch ${canary})` },
  { what: 'backticks', name: `\`touch ${canary}\`` },
  { what: 'shell operators', name: `a; touch ${canary} & touch ${canary} | cat > ${canary}` },
  { what: 'an emoji', name: '🚀 launch 🇪🇺' },
  { what: 'another script', name: 'песочница' },
  { what: 'text that runs from right to left', name: '\u202eecived' },
  { what: 'terminal escapes', name: '\u001b]0;owned\u0007\u001b[31mred' },
  { what: '300 characters', name: 'long name '.repeat(30) },
  { what: 'the look of an option', name: `-oProxyCommand=touch ${canary}` },
  { what: 'the look of a path', name: '../../etc/passwd' },
  { what: 'nothing but spaces', name: '   ' },
  { what: 'nothing', name: '' },
];

describe('a sandbox whose name has', () => {
  const sandbox = useSandbox({ runtime: 'bubblewrap' }, (context) => requireTool(context, 'ssh', 'bwrap'));

  for (const [index, { what, name }] of names.entries()) {
    it(`${what} is reached, and nothing of its name is run`, async () => {
      const { endpoint, dir } = sandbox.current;
      const runDir = path.join(dir, `n${index}`);
      const served = await serveSandbox({
        endpoint,
        sandbox: { id: sandbox.current.sandbox.id, name },
        mayStart: true,
        runDir,
        distDir: path.resolve('dist'),
        log: silentLogger,
      });
      try {
        const { code, stdout, stderr } = await sandbox.current.run('ssh', [
          ...['-F', served.configFile],
          ...[served.alias, 'echo fine'],
        ]);

        assert.deepEqual([code, stdout.toString(), withoutWaits(stderr)], [0, 'fine\n', '']);
        assert.match(served.alias, /^[a-z0-9][a-z0-9.-]{0,61}[a-z0-9]$/);
        assert.ok(!existsSync(canary), 'a part of the name was run');
      } finally {
        served.dispose();
      }
    });
  }

  it('anything is shown as one harmless line when there is something to say', async () => {
    const served = await serveSandbox({
      endpoint: sandbox.current.endpoint,
      sandbox: { id: 'no-such-box', name: names.map(({ name }) => name).join('\n') },
      mayStart: true,
      runDir: path.join(sandbox.current.dir, 'shown'),
      distDir: path.resolve('dist'),
      log: silentLogger,
    });
    try {
      const { stderr } = await sandbox.current.run('ssh', ['-F', served.configFile, served.alias, 'true']);

      const [first = ''] = stderr.split('\n');
      assert.match(first, /^cloud-sandboxes: Sandbox .* was deleted/);
      // Control characters, and those that reorder text.
      assert.doesNotMatch(first, /[\p{Cc}\u202a-\u202e]/u);
    } finally {
      served.dispose();
    }
  });
});
