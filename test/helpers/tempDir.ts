import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** A folder for each test of the suite it is called in, removed after the test. */
export function useTempDir(): { readonly path: string } {
  const current = { path: '' };
  beforeEach(() => {
    current.path = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
  });
  afterEach(() => rmSync(current.path, { recursive: true, force: true }));
  return current;
}
