/**
 * Base of every error that callers tell apart. They branch on `code`; `message` is for people, names the thing
 * and the next step, and may change in any release. `instanceof` is unreliable across bundles, `code` is not.
 */
export class CodedError<Code extends string> extends Error {
  constructor(
    readonly code: Code,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The text of whatever was thrown, on one line and without control characters, fit for a log or a message. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return printable(text);
}

/** Like {@link describeError}, followed by the chain of causes. */
export function describeErrorChain(error: unknown): string {
  const parts: string[] = [];
  for (let current = error, depth = 0; current !== undefined && depth < 8; depth++) {
    const text = describeError(current);
    // Many messages end with their cause's.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}

/** Makes text from a remote peer safe to show: one line, no control or bidi characters, bounded length. */
export function printable(text: string, maxLength = 500): string {
  const clean = text.replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu, ' ').trim();
  return clean.length > maxLength ? `${clean.slice(0, maxLength - 1)}…` : clean;
}

/** Node's errno code ("ENOENT", …) of a thrown value, if it has one. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
