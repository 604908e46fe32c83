import { printable } from '../base/errors';

/** How `localCloud` begins the line with which it gives up. */
const OWN_WORDS = /^localCloud: (.+)$/;
/** How V8 and Node begin the report of an error that nobody caught: `TypeError [CODE]: …`, `FATAL ERROR: …`. */
const UNCAUGHT = /^(?:Uncaught )?(?:FATAL ERROR|\w*(?:Error|Exception)(?: \[\w+\])?): .+$/;
/** What the server logs begins with a time. */
const LOGGED = /^\d{4}-\d\d-\d\dT/;
const MAX_CHARACTERS = 600;

/**
 * Why a server that ended before it was ready did so, on one line, from what it wrote to its log. Of a crash that is
 * the error itself and where the rest of its report is.
 */
export function startFailure(output: string, logFile: string): string {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== '' && !LOGGED.test(line));
  const ownWords = lines.flatMap((line) => OWN_WORDS.exec(line)?.[1] ?? []);
  if (ownWords.length > 0) return printable(ownWords.join(' '), MAX_CHARACTERS);
  const crash = lines.find((line) => UNCAUGHT.test(line)) ?? lines[0] ?? 'it ended without a word';
  return `${printable(crash, MAX_CHARACTERS)} (the whole report is in ${logFile})`;
}
