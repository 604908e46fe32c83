import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  /** Rows to measure, by name or by its beginning; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** File for the figures. */
  readonly json: string | undefined;
  /** File for the figures as a section of docs/performance.md. */
  readonly markdown: string | undefined;
}

const DEFAULT_ROUNDS = '7';

/** Reads `[--rounds N] [--only NAME,…] [--json FILE] [--markdown FILE]`. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: DEFAULT_ROUNDS },
      only: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
    },
  });
  if (!/^[1-9]\d{0,3}$/.test(values.rounds)) throw new Error('--rounds takes a whole number from 1');
  return {
    rounds: Number(values.rounds),
    only: values.only?.split(','),
    json: values.json,
    markdown: values.markdown,
  };
}

/** Whether a row was asked for. */
export function isWanted(row: string, { only }: Pick<BenchOptions, 'only'>): boolean {
  return only === undefined || only.some((name) => row === name || row.startsWith(`${name}.`));
}
