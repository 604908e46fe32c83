/** Takes out of a text what others must not read, before a person hands it on. */

export interface RedactionOptions {
  /** Known secrets, as they are. */
  readonly secrets: readonly string[];
  /** The user's home folder: the user's name is in it. */
  readonly home?: string;
}

const HIDDEN = '***';
/** Shorter ones are parts of ordinary words; no cloud gives such a token. */
const MIN_SECRET_LENGTH = 3;

/**
 * What looks like a secret wherever it comes from, and what to put in its place. Repetitions in front of a word are
 * bounded: without a bound a long text of one letter would take quadratic time.
 */
const suspicious: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, HIDDEN],
  // Up to the last "@" of the authority: a password may hold others.
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#]*@/gi, `$1${HIDDEN}@`],
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]{0,40}(?:key|token))(["']?\s*[:=]\s*).*/gi,
    `$1$2${HIDDEN}`,
  ],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [
    /\b([\w-]{0,40}(?:token|secret|password|passwd|api[_-]?key|signature))(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
    `$1$2${HIDDEN}`,
  ],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/\b(?:gh[a-z]_|github_pat_|glpat-|sk-|xox[a-z]-)[\w-]{8,}/g, HIDDEN],
  // Another user's folder, or this one's by another path.
  [/((?:\/home|\/Users|[a-z]:[\\/]+Users)[\\/]+)[^\s\\/:"'<>|]+/gi, `$1${HIDDEN}`],
];

/** The text without the secrets, in any of the ways they are written, and without what looks like one. */
export function redact(text: string, { secrets, home }: RedactionOptions): string {
  const written = secrets
    .map((secret) => secret.trim())
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .flatMap(spellings)
    // One may hold another.
    .sort((a, b) => b.length - a.length);
  let clean = text;
  for (const spelling of new Set(written)) clean = clean.replaceAll(spelling, HIDDEN);
  if (home && home.length > 1) clean = clean.replaceAll(home, '~');
  return suspicious.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), clean);
}

function spellings(secret: string): string[] {
  // A lone surrogate has no encoding; through UTF-8 it becomes U+FFFD.
  const encodable = Buffer.from(secret, 'utf8').toString('utf8');
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  return [
    secret,
    encodeURIComponent(encodable),
    JSON.stringify(secret).slice(1, -1),
    // The last group depends on what follows the secret.
    base64.slice(0, Math.floor((base64.length - 1) / 4) * 4) || base64,
  ].filter((spelling) => spelling.length >= MIN_SECRET_LENGTH);
}
