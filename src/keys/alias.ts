import { createHash } from 'node:crypto';

/** What makes a sandbox's SSH host name. All but the name and the editor are its identity. */
export interface AliasParts {
  /** Kind of the cloud's provider. */
  readonly provider: string;
  /** Base URL of the cloud's API. */
  readonly baseUrl: string;
  /** Stable name of who is signed in. */
  readonly user: string;
  readonly sandboxId: string;
  /** What the user calls the sandbox; untrusted text of any length. */
  readonly name: string;
  /** Result of {@link editorTag}. */
  readonly editor: string;
}

/** Longest alias, and longest label of a DNS name (RFC 1035 section 2.3.4); some clients treat aliases as one. */
const MAX_ALIAS_LENGTH = 63;
const MAX_EDITOR_LENGTH = 16;
const MAX_SLUG_LENGTH = 28;
/** 12 characters of 5 bits: two of a million sandboxes clash with a chance below one in a million. */
const HASH_LENGTH = 12;
const suffix = '.sbx';
const aliasPattern = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;

/**
 * The SSH host name of a sandbox: `<slug>-<hash>.<editor>.sbx`. It is lower case because editors lower-case the
 * authority of remote URIs, and free of any character that a shell, ssh_config(5) or a URI gives a meaning.
 */
export function aliasFor(parts: AliasParts): string {
  return `${slugOf(parts.name)}-${identityHash(parts)}.${parts.editor}${suffix}`;
}

/** Whether text is a well-formed alias, hence also safe as a file name and as an argument. */
export function isAlias(text: string): boolean {
  return text.length <= MAX_ALIAS_LENGTH && text.endsWith(suffix) && aliasPattern.test(text);
}

/**
 * The editor's part of an alias, made from its URI scheme (`vscode`, `cursor`, …): editors that are installed side
 * by side must not share aliases, since each has a Node runtime and a list of sandboxes of its own.
 */
export function editorTag(uriScheme: string): string {
  const tag = hyphenate(uriScheme);
  if (tag && tag === uriScheme.toLowerCase() && tag.length <= MAX_EDITOR_LENGTH) return tag;
  // Something was lost: keep schemes apart that look the same without it.
  const hash = base32(createHash('sha256').update(uriScheme).digest()).slice(0, 4);
  const kept = trimHyphens(tag.slice(0, MAX_EDITOR_LENGTH - hash.length - 1));
  return kept ? `${kept}-${hash}` : `editor-${hash}`;
}

function slugOf(name: string): string {
  // Far more than the slug can hold, so that a huge name costs nothing.
  const start = name.slice(0, 256);
  return trimHyphens(hyphenate(start).slice(0, MAX_SLUG_LENGTH)) || 'sandbox';
}

function hyphenate(text: string): string {
  const unaccented = text.normalize('NFKD').replace(/\p{Mark}+/gu, '');
  return trimHyphens(unaccented.toLowerCase().replace(/[^a-z0-9]+/g, '-'));
}

function trimHyphens(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}

function identityHash({ provider, baseUrl, user, sandboxId }: AliasParts): string {
  const identity = JSON.stringify([provider, normalizeUrl(baseUrl), user, sandboxId]);
  return base32(createHash('sha256').update(identity).digest()).slice(0, HASH_LENGTH);
}

/** Origin with port, and path: one host may serve several clouds. */
function normalizeUrl(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) return baseUrl;
  const url = new URL(baseUrl);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/** Base32 in the lower-case alphabet of RFC 4648 section 6, without padding. */
function base32(bytes: Uint8Array): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((value >>> bits) & 31);
    }
  }
  return text;
}
