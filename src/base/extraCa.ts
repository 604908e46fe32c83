import { readFileSync } from 'node:fs';
import { describeError } from './errors';
import { say } from './stderrLog';

/** What our launchers make of NODE_EXTRA_CA_CERTS, which Node itself would read at its start, used or not. */
export const EXTRA_CA_FILE = 'CLOUD_SANDBOXES_EXTRA_CA_CERTS';

/** The user's own certificates (PEM), as Node would trust them: a file that cannot be read is said and passed over. */
export function readExtraCa(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const file = env[EXTRA_CA_FILE];
  if (!file) return [];
  try {
    return [readFileSync(file, 'utf8')];
  } catch (error) {
    say(`The certificates of NODE_EXTRA_CA_CERTS are not used: ${describeError(error)}`);
    return [];
  }
}
