import type { HostOption } from './hostOptions';

/** A keyword for which ssh uses another value than ours. */
export interface Mismatch {
  readonly keyword: string;
  readonly expected: string;
  readonly actual: string;
  /** The user's line that ssh reads before ours, if it could be found. */
  readonly winner?: ConfigLine;
}

export interface ConfigLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** Where ssh's output spells a value differently from its configuration language. */
const spellings: Readonly<Record<string, string>> = { true: 'yes', false: 'no' };

/** Compares what we wrote with what ssh uses. Releases print keywords that are at "none" or not. */
export function findMismatches(
  wanted: readonly HostOption[],
  effective: ReadonlyMap<string, string>,
): Mismatch[] {
  const mismatches: Mismatch[] = [];
  for (const { keyword, value, essential } of wanted) {
    const actual = normalize(effective.get(keyword.toLowerCase()) ?? 'none');
    if (essential && actual !== normalize(value)) mismatches.push({ keyword, expected: value, actual });
  }
  return mismatches;
}

/** The first line of a configuration file, above a limit, that sets one of the keywords. */
export function findLine(
  file: string,
  content: string,
  keyword: string,
  belowLine: string,
): ConfigLine | undefined {
  const wanted = new Set(rivals[keyword.toLowerCase()] ?? [keyword.toLowerCase()]);
  for (const [index, text] of content.split(/\r?\n/).entries()) {
    if (text.trim() === belowLine) return undefined;
    const [, found] = /^\s*([A-Za-z0-9]+)(?:\s*=|\s)/.exec(text) ?? [];
    if (found && wanted.has(found.toLowerCase())) return { file, line: index + 1, text: text.trim() };
  }
  return undefined;
}

/** Keywords that exclude another one if they come first. */
const rivals: Readonly<Record<string, readonly string[]>> = { proxycommand: ['proxycommand', 'proxyjump'] };

function normalize(value: string): string {
  const text = value
    .replaceAll('\\', '/')
    .replace(/^"([^"]*)"$/, '$1')
    // The ssh of Git for Windows names a drive as a folder.
    .replace(/^([A-Za-z]):\//, (_, drive: string) => `/${drive.toLowerCase()}/`);
  return spellings[text] ?? text;
}
