/** How paths are written for ssh_config(5) and for the shells that read our lines, on every client at once. */
import { printable } from '../base/errors';
import { pathsOf } from '../base/paths';
import { SshConfigError } from './errors';

/**
 * ProxyCommand is read by a shell of the user's choice (sh, fish, csh, …), by none at all on Windows, and by
 * tokenizers of editors. A double-quoted word with forward slashes is the one form they all agree on, provided that
 * it has none of these characters.
 */
const activeInQuotes = /["$`\\!\r\n\0]/;

/** A path as a word of a ProxyCommand. Throws `unsupported-path`. */
export function proxyCommandPath(file: string, platform = process.platform): string {
  const slashed = platform === 'win32' ? file.replaceAll('\\', '/') : file;
  refuse(slashed, activeInQuotes, 'a shell would change it on the way');
  return `"${escapePercent(slashed)}"`;
}

/** A path as the value of a keyword such as UserKnownHostsFile. Throws `unsupported-path`. */
export function configPath(file: string, home: string, platform = process.platform): string {
  const short = tildePath(file, home, platform);
  if (short) return short;
  const slashed = platform === 'win32' ? file.replaceAll('\\', '/') : file;
  // Since OpenSSH 8.7 a backslash escapes, and since 8.4 "${" names a variable here.
  refuse(slashed, /["\\$\r\n\0]/, 'ssh would read it differently');
  return `"${escapePercent(slashed)}"`;
}

/**
 * The value of an Include line for all files of a folder with that ending. An absolute path where it can be: ssh
 * finds its own files by the password database, but expands an Include's "~" by $HOME, which may say otherwise.
 * Throws `unsupported-path`.
 */
export function includePattern(
  dir: string,
  ending: string,
  home: string,
  platform = process.platform,
): string {
  const pattern = pathsOf(platform).join(dir, `*${ending}`);
  // Some ports of ssh to Windows take a drive's letter for the start of a relative path.
  if (platform !== 'win32' && /^[\w./-]+\/\*[\w.]+$/.test(pattern)) return pattern;
  const short = tildePath(pattern, home, platform);
  if (short) return short;
  const slashed = platform === 'win32' ? dir.replaceAll('\\', '/') : dir;
  // OpenSSH 9.9 expands "%" and "${" here, older ones take them as they are; the rest are glob(3)'s.
  refuse(slashed, /["\\$%*?[\]{}\r\n\0]/, 'ssh would read it differently');
  return `"${slashed}/*${ending}"`;
}

/**
 * A path below the home folder by its short name, which needs no quotes and no escapes in any version; undefined if
 * the rest of the path is not plain.
 */
function tildePath(file: string, home: string, platform: NodeJS.Platform): string | undefined {
  const relative = pathsOf(platform).relative(home, file);
  const slashed = platform === 'win32' ? relative.replaceAll('\\', '/') : relative;
  const isPlain = /^(?!\.\.?(?:\/|$))[\w.-]+(?:\/[\w.*-]+)*$/.test(slashed);
  return isPlain ? `~/${slashed}` : undefined;
}

/** ssh expands "%" tokens in both kinds of path (TOKENS in ssh_config(5)). */
function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}

function refuse(text: string, characters: RegExp, why: string): void {
  const found = characters.exec(text);
  if (!found) return;
  const character = JSON.stringify(found[0]);
  const message = `Cannot use ${printable(text)} in the SSH configuration: it contains ${character}, and ${why}; use a folder without that character`;
  throw new SshConfigError('unsupported-path', message);
}
