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

/** One key in 256 is malformed (below); ten in a row would mean that something else is wrong. */
const MAX_ATTEMPTS = 10;

/** Throws if the runtime's crypto cannot make ed25519 keys. */
export function generateKeyPair(): KeyPair {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const pair = utils.generateKeyPairSync('ed25519');
    // ssh2 1.17 drops leading zero bytes of the public key, and no program can read the result.
    if (!(utils.parseKey(pair.private) instanceof Error)) {
      return { privateKey: pair.private, publicKey: pair.public.trim() };
    }
  }
  throw new Error('Cannot generate an ed25519 key: ssh2 made only malformed ones');
}
