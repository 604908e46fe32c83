import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export const SECRET_BYTES = 32;

/** As it names a secret: 16 lower-case hexadecimal digits. Safe in file names and headers. */
export type KeyId = string;

const KEY_ID = /^[0-9a-f]{16}$/;

export function isKeyId(text: string): text is KeyId {
  return KEY_ID.test(text);
}

/**
 * What the connection and the agent share: 32 bytes for each sandbox and user key, derived (RFC 5869) so that nothing
 * more is stored than the user key, and new keys are a new secret.
 */
export function deriveSecret(userKey: string): Buffer {
  return Buffer.from(hkdfSync('sha256', userKey, '', 'cloud-sandboxes agent 1', SECRET_BYTES));
}

/** The public name of a secret. */
export function keyIdOf(secret: Buffer): KeyId {
  return createHash('sha256').update(secret).digest('hex').slice(0, 16);
}

/**
 * What a WebSocket to the agent's port carries as `Authorization: Bearer …`. It lets one speak to the agent and no
 * more: that each carrier knows the secret is for the handshake to prove.
 */
export function admissionOf(secret: Buffer): string {
  return `${keyIdOf(secret)}.${admissionMac(secret).toString('hex')}`;
}

/** Which secret an admission is said to be of; undefined where it is none. */
export function keyIdOfAdmission(admission: string): KeyId | undefined {
  const [keyId, mac, ...others] = admission.split('.');
  const isForm = keyId && isKeyId(keyId) && mac && /^[0-9a-f]{64}$/.test(mac) && others.length === 0;
  return isForm ? keyId : undefined;
}

/** Whether an admission is of this secret; takes the same time for each wrong one. */
export function isAdmissionOf(secret: Buffer, admission: string): boolean {
  const expected = Buffer.from(admissionOf(secret));
  const actual = Buffer.from(admission);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function admissionMac(secret: Buffer): Buffer {
  return createHmac('sha256', secret).update('admission').digest();
}
