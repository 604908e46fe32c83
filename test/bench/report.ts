/** One figure beside sshd's. */
export interface Row {
  readonly name: string;
  readonly backend: 'exec' | 'agent' | 'sshd';
  readonly unit: string;
  readonly ours: number;
  readonly sshd: number;
  /** Ours to sshd's. */
  readonly ratio: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function formatTable(rows: readonly Row[]): string {
  const cells = [
    ['', 'backend', 'unit', 'ours', 'sshd', 'ratio'],
    ...rows.map(({ name, backend, unit, ours, sshd, ratio }) => [
      name,
      backend,
      unit,
      ours.toFixed(1),
      sshd.toFixed(1),
      ratio.toFixed(2),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const format = (row: string[]): string =>
    row
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ');
  return `${cells.map(format).join('\n')}\n`;
}
