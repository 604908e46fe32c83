// `npm run bench [-- OPTIONS]`: makes the checkout ready and runs the benchmark, which leaves nothing behind.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepare, root } from '../../scripts/prepare.mjs';
import { installSystemPackages } from '../systemPackages.mjs';

installSystemPackages();
prepare();
// Short: sockets go into folders below it.
const dir = mkdtempSync(path.join(os.tmpdir(), 'b-'));
const bench = spawn(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, TMPDIR: dir },
});
// It ends what it has started, and then itself. A second copy of a signal does no harm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => bench.kill(signal));
bench.once('exit', (code) => {
  rmSync(dir, { recursive: true, force: true });
  process.exit(code ?? 1);
});
