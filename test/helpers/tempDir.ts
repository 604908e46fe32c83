import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** A folder for each test of the suite it is called in, removed after the test. */
export function useTempDir(): { readonly path: string } {
  const current = { path: '' };
  beforeEach(() => {
    current.path = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
  });
  // A program that was ended a moment ago may still write its last file.
  afterEach(() => rmSync(current.path, { recursive: true, force: true, maxRetries: 5 }));
  return current;
}
