import { execFileSync } from 'node:child_process';
import { mkdtempSync, statSync, symlinkSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Figures } from './bench';

export const SHIPPED = ['agent', 'connection', 'connectionProgram', 'extension', 'localCloud'] as const;

/** Builds what is shipped in a folder of its own, so that the checkout stays as it is; the bundles' folder. */
export function buildBundles(): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'p-'));
  for (const part of ['src', 'node_modules']) symlinkSync(path.resolve(part), path.join(dir, part));
  execFileSync(process.execPath, [path.resolve('esbuild.mjs'), '--production'], { cwd: dir });
  return path.join(dir, 'dist');
}

/** Size of each bundle that is shipped, as `bundle.NAME`. */
export function bundleSizes(dir: string): Figures {
  const sizes = SHIPPED.map((name) => [`bundle.${name}`, kilobytes(path.join(dir, `${name}.js`))]);
  return Object.fromEntries(sizes) as Figures;
}

export function kilobytes(file: string): number {
  return statSync(file).size / 1000;
}
