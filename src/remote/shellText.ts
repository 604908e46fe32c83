import type { CommandLine } from './sshAccess';

/** Means the same, unquoted, in sh, csh, fish, PowerShell and cmd.exe. A "~" at the start would be expanded. */
const plain = /^[\w./:=@,+-]+$/;

/**
 * A command as text to paste into any shell: words are quoted only where they must be, and then by double quotes, the
 * one form that all shells share. Its paths went through {@link proxyCommandPath}, which refuses what shells expand
 * inside those.
 */
export function shellText(
  { program, arguments: words }: CommandLine,
  platform: NodeJS.Platform = process.platform,
): string {
  // What runs under Windows takes slashes for backslashes, which some of its shells (Git's) take for something else.
  const slashed = (word: string): string => (platform === 'win32' ? word.replaceAll('\\', '/') : word);
  return [program, ...words.map(slashed)].map((word) => (plain.test(word) ? word : `"${word}"`)).join(' ');
}
