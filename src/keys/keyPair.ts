import { utils } from 'ssh2';

/** An ed25519 key pair in OpenSSH's formats. */
export interface KeyPair {
  /** Secret. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly publicKey: string;
}

/** The keys of one sandbox. */
export interface SandboxKeys {
  /** The identity that the bridge shows to the local ssh. */
  readonly host: KeyPair;
  /** Authenticates the user to an SSH server inside the sandbox. */
  readonly user: KeyPair;
}

export function generateKeyPair(): KeyPair {
  const pair = utils.generateKeyPairSync('ed25519');
  return { privateKey: pair.private, publicKey: pair.public.trim() };
}
