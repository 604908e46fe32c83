import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { CodedError } from '../base/errors';
import { readIfExists, writeFileAtomic } from '../base/files';

export class TokenError extends CodedError<'bad-token-file'> {}

/** The token in a file; a missing file is made with a random token of 256 bits, for this user alone. */
export async function ensureToken(file: string): Promise<string> {
  const bytes = await readIfExists(file);
  if (bytes) {
    await fs.chmod(file, 0o600);
    return parseToken(bytes, file);
  }
  await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const token = randomBytes(32).toString('base64url');
  await writeFileAtomic(file, `${token}\n`);
  return token;
}

/** Throws a {@link TokenError} that names the file if it holds no token. */
function parseToken(bytes: Buffer, file: string): string {
  const token = bytes.toString('utf8').trim();
  // The characters of RFC 6750's b64token; shorter ones could be guessed.
  if (/^[A-Za-z0-9._~+/=-]{32,512}$/.test(token)) return token;
  throw new TokenError(
    'bad-token-file',
    `${file} holds no token of 32 characters or more; remove it to get a new one`,
  );
}

/** Compares an Authorization header with the token, in a time that does not depend on where they differ. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
