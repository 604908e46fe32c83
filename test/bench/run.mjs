// `npm run bench [-- --json FILE] [--rounds N]`: makes the checkout ready and runs the benchmark.
import { spawnSync } from 'node:child_process';
import { prepare, root } from '../../scripts/prepare.mjs';
import { installSystemPackages } from '../systemPackages.mjs';

installSystemPackages();
prepare();
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', 'test/bench/main.ts', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
