/** What we tell ssh about our hosts, as data: rendered into the configuration, and compared with what ssh makes of it. */

/** An OpenSSH release. */
export interface SshVersion {
  readonly major: number;
  readonly minor: number;
}

/** First release that knows Include, by which ours stays a file of its own. */
export const oldestUsable: SshVersion = { major: 7, minor: 3 };

export interface HostOption {
  readonly keyword: string;
  readonly value: string;
  /** First release that knows it, if that is later than {@link oldestUsable}. One unknown keyword ends every ssh. */
  readonly since?: SshVersion;
  /** Connections break if another value wins. */
  readonly essential?: boolean;
}

/**
 * Options of all our hosts. ssh takes the first value that it reads, so each of these also undoes what the user's
 * `Host *` may say. Missing on purpose: `ClearAllForwardings yes`, which would end the editor's port forwarding, and
 * a ProxyCommand with `%n` or `%h`: before OpenSSH 9.6 those put a hostile host name into a shell (CVE-2023-51385).
 */
export const commonOptions: readonly HostOption[] = [
  { keyword: 'User', value: 'sandbox' },
  // Each sandbox has its own key, known before the first connection: no question is ever asked, and none is skipped.
  { keyword: 'StrictHostKeyChecking', value: 'yes', essential: true },
  { keyword: 'GlobalKnownHostsFile', value: '/dev/null' },
  { keyword: 'HostKeyAlgorithms', value: 'ssh-ed25519', essential: true },
  { keyword: 'UpdateHostKeys', value: 'no' },
  { keyword: 'CheckHostIP', value: 'no' },
  { keyword: 'VerifyHostKeyDNS', value: 'no' },
  { keyword: 'CanonicalizeHostname', value: 'no', essential: true },
  // The pipe to our own process is what authenticates; agents and password managers must not pop up.
  { keyword: 'PreferredAuthentications', value: 'none', essential: true },
  { keyword: 'IdentityFile', value: 'none' },
  { keyword: 'IdentitiesOnly', value: 'yes' },
  { keyword: 'IdentityAgent', value: 'none', essential: true },
  { keyword: 'ForwardAgent', value: 'no', essential: true },
  { keyword: 'ForwardX11', value: 'no' },
  // Editors run scripts over plain sessions of their own.
  { keyword: 'RequestTTY', value: 'auto', essential: true },
  { keyword: 'RemoteCommand', value: 'none', since: { major: 7, minor: 6 }, essential: true },
  { keyword: 'PermitLocalCommand', value: 'no', essential: true },
  { keyword: 'ClearAllForwardings', value: 'no', essential: true },
  // A master left by another configuration would bypass our process.
  { keyword: 'ControlMaster', value: 'no', essential: true },
  { keyword: 'ControlPath', value: 'none', essential: true },
  { keyword: 'ProxyUseFdpass', value: 'no', essential: true },
  // Bytes go over a pipe to this computer: what is fastest in the process on its other end comes first.
  { keyword: 'Compression', value: 'no' },
  // Naming the exchange keeps OpenSSH 10.1 from warning that it is not post-quantum, which a local pipe need not be.
  { keyword: 'KexAlgorithms', value: 'curve25519-sha256@libssh.org', essential: true },
  {
    keyword: 'Ciphers',
    value:
      'aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes256-ctr,chacha20-poly1305@openssh.com',
  },
  { keyword: 'MACs', value: 'hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha2-512' },
  // Our process greets at once, however long the sandbox takes, and keeps packets coming.
  { keyword: 'ConnectTimeout', value: '0' },
  { keyword: 'ServerAliveInterval', value: '15' },
  { keyword: 'ServerAliveCountMax', value: '8' },
  // Progress while a sandbox starts is sent as banners, which ssh shows from this level on.
  { keyword: 'LogLevel', value: 'INFO' },
];

/** The options that a client of that release understands; without a release, those that every client does. */
export function optionsFor(client: SshVersion | undefined): readonly HostOption[] {
  return commonOptions.filter(({ since }) => !since || (client !== undefined && isAtLeast(client, since)));
}

/** Reads the output of `ssh -V`, such as "OpenSSH_9.2p1 Debian-2" or "OpenSSH_for_Windows_8.1p1". */
export function parseSshVersion(output: string): SshVersion | undefined {
  const [, major, minor] = /\bOpenSSH_(?:for_Windows_)?(\d{1,3})\.(\d{1,3})/.exec(output) ?? [];
  return major && minor ? { major: Number(major), minor: Number(minor) } : undefined;
}

/** Whether a release is that one or a later one. */
export function isAtLeast(version: SshVersion, other: SshVersion): boolean {
  return version.major > other.major || (version.major === other.major && version.minor >= other.minor);
}
