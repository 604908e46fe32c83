import { printable } from '../../../base/errors';
import { FileError, type FileErrorCode } from '../../../sftp/remoteFiles';

/** The exit code of a shell for a program that is not there (POSIX 2.8.2). */
const EXIT_NOT_FOUND = 127;
const LONGEST_SHOWN = 300;

/**
 * What utilities say in the C locale: the texts of strerror(3), alike in glibc, musl and the BSDs, and those that
 * dash and busybox have of their own for a file that a redirection cannot open.
 */
const REASONS: readonly { readonly code: FileErrorCode; readonly pattern: RegExp }[] = [
  {
    code: 'no-such-file',
    pattern: /^(no such file( or directory)?|(directory )?nonexistent( directory)?|not a directory)$/i,
  },
  { code: 'no-such-file', pattern: /^(too many levels of symbolic links|symbolic link loop)$/i },
  { code: 'permission-denied', pattern: /^(permission denied|operation not permitted)$/i },
];

/** What zsh says of a file that a redirection cannot open: the reason comes first. */
const REASON_OF_ZSH = /^[^:]+(?::\d+)?: ([a-z ]+): \.?\//;
/** ksh93 puts it in brackets. */
const REASON_OF_KSH = /\[(.*)\]$/;
/** Rust's standard library puts it behind the reason: so do the core utilities of newer Ubuntus (uutils). */
const NUMBER_OF_RUST = / \(os error \d+\)$/;

/** The error for a utility that failed, by what it printed. */
export function failureOf(output: string, code: number): FileError {
  const lastLine = output.trimEnd().split('\n').at(-1) ?? '';
  const reason = reasonIn(lastLine);
  if (lastLine.includes(': ') && code === EXIT_NOT_FOUND) {
    return new FileError(
      'unsupported',
      printable(`The sandbox has no program for this: ${lastLine}`, LONGEST_SHOWN),
    );
  }
  const known = REASONS.find(({ pattern }) => pattern.test(reason));
  return new FileError(
    known?.code ?? 'failure',
    printable(reason, LONGEST_SHOWN) || `Failed with code ${code}`,
  );
}

/** Of most utilities, only what follows the last colon is their own word: names may look like anything. */
function reasonIn(line: string): string {
  const [, ofZsh] = REASON_OF_ZSH.exec(line) ?? [];
  if (ofZsh !== undefined) return ofZsh;
  const last = line
    .slice(line.lastIndexOf(': ') + 2)
    .trim()
    .replace(NUMBER_OF_RUST, '');
  return REASON_OF_KSH.exec(last)?.[1] ?? last;
}
