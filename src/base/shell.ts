/** A word of a POSIX shell that stands for exactly this text. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Bytes, one character for each (latin1), as ASCII that printf's %b makes them of: what carries a path or a command
 * may take nothing but text. All but the plainest characters are octal escapes.
 */
export function escapeForPrintf(bytes: string): string {
  return bytes.replace(
    /[^A-Za-z0-9_./-]/g,
    (character) => `\\0${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
