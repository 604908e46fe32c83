import { createHash } from 'node:crypto';

const DIGITS = 12;

/** Tells agents apart by their program's bytes: whoever has the same file has the same version. Hexadecimal digits. */
export function programVersion(program: Buffer): string {
  return createHash('sha256').update(program).digest('hex').slice(0, DIGITS);
}
