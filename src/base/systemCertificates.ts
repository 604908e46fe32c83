import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as tls from 'node:tls';

/** Where Linux distributions have people put the certificates that they trust besides those they deliver. */
const anchorFolders = [
  '/usr/local/share/ca-certificates', // Debian, Ubuntu, Alpine
  '/etc/pki/ca-trust/source/anchors', // Fedora, RHEL
  '/etc/ca-certificates/trust-source/anchors', // Arch
  '/etc/pki/trust/anchors', // openSUSE
];
/** No company has as many authorities; each costs every connection time. */
const MAX_CERTIFICATES = 200;
const certificate = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

export interface SystemCertificatesOptions {
  readonly platform?: NodeJS.Platform;
  readonly folders?: readonly string[];
  /** All that the system trusts, as newer versions of Node tell; Node 20 cannot. */
  readonly systemStore?: (() => readonly string[]) | undefined;
}

/**
 * The certificates (PEM) that this computer trusts and Node does not by itself, such as a company's. Not the whole of
 * the system's store: what it shares with Node's own list would only have to be read twice.
 */
export function systemCertificates({
  platform = process.platform,
  folders = anchorFolders,
  systemStore = nodeSystemStore(),
}: SystemCertificatesOptions = {}): readonly string[] {
  const found = platform === 'linux' ? folders.flatMap(certificatesIn) : (systemStore?.() ?? []);
  const known = new Set(tls.rootCertificates.map(body));
  const fresh = new Map(found.map((pem) => [body(pem), pem]));
  return [...fresh].flatMap(([text, pem]) => (known.has(text) ? [] : [pem])).slice(0, MAX_CERTIFICATES);
}

/** Node 22.15 and newer. */
function nodeSystemStore(): (() => readonly string[]) | undefined {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'system') => string[] };
  return getCACertificates && (() => getCACertificates('system'));
}

function certificatesIn(folder: string): string[] {
  try {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return files
      .filter((file) => /\.(?:crt|pem|cer)$/.test(file))
      .flatMap((file) => read(path.join(folder, file)));
  } catch {
    // Not this distribution's folder, or not for us to read: then there is nothing to trust in it.
    return [];
  }
}

function read(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').match(certificate) ?? [];
  } catch {
    // A dangling link or another's file.
    return [];
  }
}

/** What is the same however the lines are broken. */
function body(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '');
}
