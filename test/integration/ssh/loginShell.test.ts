import assert from 'node:assert/strict';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';

describe('ssh into a sandbox whose user has chosen another login shell', () => {
  const sandbox = useSandbox({ runtime: 'bubblewrap' }, (context) =>
    requireTool(context, 'ssh', 'bwrap', 'dash'),
  );

  it('runs commands by it', async () => {
    await sandbox.current.ssh(`sed -i 's#/bin/bash$#/bin/dash#' /etc/passwd`);

    const { stdout } = await sandbox.current.ssh('echo "$0 $SHELL"');

    assert.equal(stdout.toString(), 'dash /bin/dash\n');
  });
});
