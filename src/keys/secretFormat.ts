import { utils } from 'ssh2';
import * as v from 'valibot';
import type { KeyPair, SandboxKeys } from './keyPair';

/** A secret's content. Public halves are derived, so that they cannot disagree with the private ones. */
const schema = v.object({
  version: v.literal(1),
  host: v.pipe(v.string(), v.maxLength(4096)),
  user: v.pipe(v.string(), v.maxLength(4096)),
});

export function serializeKeys(keys: SandboxKeys): string {
  const content: v.InferOutput<typeof schema> = {
    version: 1,
    host: keys.host.privateKey,
    user: keys.user.privateKey,
  };
  return JSON.stringify(content);
}

/** The keys in a secret; undefined if it holds anything else. */
export function parseKeys(secret: string): SandboxKeys | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), secret);
  if (!parsed.success) return undefined;
  const host = keyPairOf(parsed.output.host);
  const user = keyPairOf(parsed.output.user);
  return host && user && { host, user };
}

function keyPairOf(privateKey: string): KeyPair | undefined {
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error || parsed.type !== 'ssh-ed25519' || !parsed.isPrivateKey()) return undefined;
  return { privateKey, publicKey: `${parsed.type} ${parsed.getPublicSSH().toString('base64')}` };
}
