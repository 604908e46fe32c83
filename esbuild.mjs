// Bundles each program of the project into one CommonJS file under dist/.
// Usage: node esbuild.mjs [--watch] [--production]
import { context } from 'esbuild';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

/** Each entry is a program that runs on its own; the file name is part of the launchers' contract. */
const entryPoints = {
  extension: 'src/extension.ts',
  connection: 'src/connection/start.ts',
  connectionProgram: 'src/connection/main.ts',
  localCloud: 'src/localCloud/main.ts',
  start: 'src/start/main.ts',
};

const options = {
  entryPoints,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  // The oldest runtime we meet: Node 20, which is also Electron's in VS Code 1.100.
  target: 'node20',
  minify: production,
  // Class names appear in errors and logs.
  keepNames: true,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  external: [
    // Provided by the editor.
    'vscode',
    // Native and loaded from node_modules at run time; see CONTRIBUTING.md, "Dependencies".
    '@lydell/node-pty',
    // Optional accelerators of ssh2 and ws; both catch the failed require.
    'cpu-features',
    './crypto/build/Release/sshcrypto.node',
    'bufferutil',
    'utf-8-validate',
  ],
};

/** Runs on whatever Node a sandbox has. Its bytes are its version, so nothing in them depends on where it was built. */
const agentOptions = {
  ...options,
  entryPoints: { agent: 'src/agent/main.ts' },
  target: 'node18',
  minify: true,
  sourcemap: false,
};

for (const build of [await context(options), await context(agentOptions)]) {
  if (watch) {
    await build.watch();
  } else {
    await build.rebuild();
    await build.dispose();
  }
}
