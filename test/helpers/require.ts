import { accessSync, constants } from 'node:fs';
import * as path from 'node:path';

/**
 * Skips the test (or, in a `before` hook, the suite) when a program it needs is not on PATH, and says so. With
 * `CI` set nothing may be skipped, so the test fails instead.
 */
export function requireTool(context: Mocha.Context, ...tools: readonly string[]): void {
  const missing = tools.filter((tool) => !isOnPath(tool));
  if (missing.length > 0) skipFor(context, `not installed: ${missing.join(', ')}`);
}

/** Skips the test for a reason of this computer's; with `CI` set, fails it. */
export function skipFor(context: Mocha.Context, reason: string): void {
  if (process.env['CI']) throw new Error(`This test may not be skipped, but ${reason}`);
  process.stderr.write(`skipping "${context.test?.fullTitle() ?? 'test'}": ${reason}\n`);
  context.skip();
}

export function isOnPath(tool: string): boolean {
  const dirs = (process.env['PATH'] ?? '').split(path.delimiter).filter((dir) => dir !== '');
  return dirs.some((dir) => {
    try {
      accessSync(path.join(dir, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
