/** A mode as chmod and umask take it. */
export function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

/** Seconds since 1970 as touch's -t has it, in UTC: CCYYMMDDhhmm.SS. */
export function touchTime(seconds: number): string {
  const [, year = '', rest = '', second = ''] =
    /^(\d{4})-(.*):(\d\d)\.000Z$/.exec(new Date(seconds * 1000).toISOString()) ?? [];
  return `${year}${rest.replace(/\D/g, '')}.${second}`;
}
