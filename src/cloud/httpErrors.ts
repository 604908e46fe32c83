import { describeError, errnoOf, printable } from '../base/errors';
import { CloudError, type CloudErrorCode } from './errors';

/** An HTTP answer that is not a success, its body parsed as JSON where it is JSON, else a string. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** Lets one cloud's own error codes win over what the HTTP status says. */
export type ErrorRefiner = (status: number, body: unknown) => CloudErrorCode | undefined;

/** Longest wait that a cloud can ask for; more is taken as this. */
const MAX_RETRY_AFTER_MS = 3_600_000;

const codeOfStatus = new Map<number, CloudErrorCode>([
  [401, 'unauthenticated'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [405, 'unsupported'],
  // A proxy on the way wants credentials; the cloud was not reached.
  [407, 'unreachable'],
  [408, 'unreachable'],
  [409, 'conflict'],
  [410, 'not-found'],
  [423, 'conflict'],
  [425, 'unreachable'],
  [429, 'rate-limited'],
  [501, 'unsupported'],
]);

/** The typed error of an HTTP answer (RFC 9110 section 15). `what` names the request, e.g. "get box". */
export function errorOfAnswer(what: string, answer: ErrorAnswer, refine?: ErrorRefiner): CloudError {
  const { status, headers, body } = answer;
  if (status >= 300 && status < 400) return redirectError(what, answer);
  const code = refine?.(status, body) ?? codeOfStatus.get(status) ?? codeOfClass(status);
  const said = messageOf(body);
  const text = said ? `${said} (HTTP ${status})` : `the cloud answered HTTP ${status}`;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], timeOf(headers));
  return new CloudError(code, `Cannot ${what}: ${text}${adviceOf(code)}`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function codeOfClass(status: number): CloudErrorCode {
  if (status >= 500) return 'unreachable';
  return status >= 400 ? 'invalid' : 'protocol';
}

function adviceOf(code: CloudErrorCode): string {
  return code === 'unauthenticated' ? '; sign in again' : '';
}

/** Redirects are never followed: one would carry the token to wherever it points. */
function redirectError(what: string, { status, headers }: ErrorAnswer): CloudError {
  const location = headers['location'];
  const target = typeof location === 'string' ? originOf(location) : undefined;
  const where = target ? ` to ${target}` : '';
  return new CloudError(
    'protocol',
    `Cannot ${what}: redirected${where} (HTTP ${status}); check the base URL`,
  );
}

function originOf(location: string): string | undefined {
  return URL.canParse(location) ? printable(new URL(location).host, 100) : undefined;
}

/**
 * The words in an error body, whichever of the usual shapes it has: `{error:{message}}`, `{error:"…"}`,
 * `{message}`, `{detail:"…"}`, `{detail:[{msg}]}` or a bare JSON string. A page of HTML says nothing to a person.
 */
export function messageOf(body: unknown): string | undefined {
  const text = textIn(body, 3);
  if (text === undefined || text.trimStart().startsWith('<')) return undefined;
  return printable(text, 300) || undefined;
}

function textIn(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value;
  if (depth === 0 || typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return textIn(value[0], depth - 1);
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const name of ['error', 'message', 'detail', 'msg']) {
    const text = textIn(fields.get(name), depth - 1);
    if (text) return text;
  }
  return undefined;
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 section 10.2.3); undefined when it is neither. */
export function parseRetryAfter(value: unknown, now = Date.now()): number | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : httpDate(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** When the answer was made, by the clock of who made it (RFC 9110 section 6.6.1): ours may be wrong by hours. */
function timeOf({ date }: ErrorAnswer['headers']): number | undefined {
  const time = typeof date === 'string' ? httpDate(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** Only what begins with a day's name is a date: Date.parse takes "-1" and "1.5" for dates too. */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
}

/** The typed error of a request that got no answer at all. `host` is for people; it must hold no secret. */
export function errorOfNetwork(what: string, host: string, cause: unknown): CloudError {
  if (cause instanceof CloudError) return cause;
  const reason = reasonOf(cause);
  return new CloudError('unreachable', `Cannot ${what}: ${host} ${reason}`, { cause });
}

const reasonOfErrno = new Map([
  ['ECONNREFUSED', 'refuses connections; is it running?'],
  ['ECONNRESET', 'closed the connection'],
  ['EPIPE', 'closed the connection'],
  ['ENOTFOUND', 'is not a known host name'],
  ['EAI_AGAIN', 'cannot be looked up; is this computer online?'],
  ['ENETUNREACH', 'cannot be reached; is this computer online?'],
  ['EHOSTUNREACH', 'cannot be reached; is this computer online?'],
  ['ETIMEDOUT', 'does not answer'],
]);

function reasonOf(cause: unknown): string {
  const errno = errnoOf(cause);
  const known = errno === undefined ? undefined : reasonOfErrno.get(errno);
  if (known) return known;
  if (errno && /CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(errno)) {
    return `shows a certificate that is not trusted here (${errno}); add its authority to the certificate settings`;
  }
  return `cannot be reached: ${describeError(cause)}`;
}
