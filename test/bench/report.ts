/** The figures, for people and for programs. */
import { execFileSync } from 'node:child_process';
import * as os from 'node:os';
import * as prettier from 'prettier';
import type { Result } from './bench';

/** One figure beside one sshd's. */
export interface Row {
  readonly name: string;
  readonly backend: string;
  readonly unit: string;
  readonly ours: number;
  /** Null: sshd has nothing like it. */
  readonly sshd: number | null;
  /** Ours to sshd's. */
  readonly ratio: number | null;
}

export interface Report {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly rows: readonly Row[];
}

const HEAD = ['', 'backend', 'unit', 'ours', 'sshd', 'ratio', 'same algorithms', 'ratio'];
const FIRST_NUMBER = 3;

/** Each result as a row, and as a second one beside the sshd that is held to our algorithms. */
export function reportOf(results: readonly Result[]): Report {
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    rows: results.flatMap(({ name, backend, unit, ours, sshd, sameAlgorithms }) => [
      { name, backend, unit, ours, sshd: sshd ?? null, ratio: ratio(ours, sshd) },
      ...(sameAlgorithms === undefined
        ? []
        : [
            {
              ...{ name: `${name}.same-algorithms`, backend, unit, ours },
              ...{ sshd: sameAlgorithms, ratio: ratio(ours, sameAlgorithms) },
            },
          ]),
    ]),
  };
}

/** For a terminal. */
export function formatTable(results: readonly Result[]): string {
  const cells = [HEAD, ...results.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    column < FIRST_NUMBER ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return cells.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('');
}

/** A section for docs/performance.md. */
export function formatMarkdown(results: readonly Result[], rounds: number): Promise<string> {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    `## ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${computer()}; medians of ${rounds} rounds.`,
    '',
    row(HEAD),
    row(HEAD.map((_, column) => (column < FIRST_NUMBER ? '---' : '---:'))),
    ...results.map((result) => row(cellsOf(result))),
  ];
  return prettier.format(lines.join('\n'), { parser: 'markdown', proseWrap: 'preserve' });
}

function computer(): string {
  const cpus = os.cpus();
  const processor = `${cpus.length} × ${cpus[0]?.model ?? 'unknown'}`;
  return `Node ${process.version.slice(1)}, ${sshVersion()}, ${os.type()} ${os.release()}, ${processor}`;
}

function sshVersion(): string {
  return execFileSync('sh', ['-c', 'ssh -V 2>&1'], { encoding: 'utf8' }).split(',')[0]!.trim();
}

function cellsOf({ name, backend, unit, ours, sshd, sameAlgorithms }: Result): string[] {
  const beside = (other: number | undefined): string[] =>
    other === undefined ? ['', ''] : [significant(other), (ours / other).toFixed(2)];
  return [name, backend, unit, significant(ours), ...beside(sshd), ...beside(sameAlgorithms)];
}

function ratio(ours: number, sshd: number | undefined): number | null {
  return sshd === undefined ? null : ours / sshd;
}

/** Three digits that mean something. */
function significant(value: number): string {
  const digits = Math.floor(Math.log10(Math.abs(value) || 1)) + 1;
  return value.toFixed(Math.min(2, Math.max(0, 3 - digits)));
}
