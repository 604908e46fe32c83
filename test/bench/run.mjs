// `npm run bench [-- OPTIONS]`: makes the checkout ready and runs the benchmark, which leaves nothing behind.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepare, root } from '../../scripts/prepare.mjs';
import { installSystemPackages } from '../systemPackages.mjs';

installSystemPackages();
prepare();
// Ctrl-C reaches the benchmark as well, which ends what it has started; wait for it.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
// Short: sockets go into folders below it.
const dir = mkdtempSync(path.join(os.tmpdir(), 'b-'));
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', 'test/bench/main.ts', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, TMPDIR: dir } },
);
rmSync(dir, { recursive: true, force: true });
process.exit(status ?? 1);
