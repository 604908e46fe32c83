/**
 * Our one line in a file that belongs to the user. Works on bytes: what is not that line stays as it is, whatever
 * its encoding and line ends.
 */

/** In Windows' port of OpenSSH a byte order mark is skipped, but only as the first thing of the file. */
const byteOrderMark = '\u00ef\u00bb\u00bf';

/** Our line for an Include value; without a comment, which OpenSSH before 8.7 would take for file names. */
export function includeLine(value: string): string {
  return `Include ${value}`;
}

/** Whether the line is there once, with nothing but empty lines and comments above it. */
export function isIncluded(content: Uint8Array, value: string): boolean {
  const { body } = split(content);
  const [first, ...more] = body.matchAll(lineMatcher(value));
  if (!first || more.length > 0) return false;
  return /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*$/.test(body.slice(0, first.index));
}

/** The content with the line at its very top, and nowhere else. */
export function withInclude(content: Uint8Array, value: string): Buffer {
  const { mark, body } = split(content);
  const rest = body.replace(lineMatcher(value), '');
  const lineEnd = /^[^\n]*\r\n/.test(rest) ? '\r\n' : '\n';
  return Buffer.from(mark + toBinary(includeLine(value)) + lineEnd + rest, 'latin1');
}

/** The content without the line. */
export function withoutInclude(content: Uint8Array, value: string): Buffer {
  const { mark, body } = split(content);
  return Buffer.from(mark + body.replace(lineMatcher(value), ''), 'latin1');
}

/** One character for each byte. */
function split(content: Uint8Array): { mark: string; body: string } {
  const text = Buffer.from(content).toString('latin1');
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : '';
  return { mark, body: text.slice(mark.length) };
}

function toBinary(line: string): string {
  return Buffer.from(line, 'utf8').toString('latin1');
}

/** Matches the line with its end; ssh takes keywords in any case and allows blanks around them. */
function lineMatcher(value: string): RegExp {
  const literal = toBinary(value).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(
    `(?<![^\\n])[ \\t]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][ \\t]+${literal}[ \\t]*(?:\\r?\\n|$)`,
    'g',
  );
}
