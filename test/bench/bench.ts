/** How anything is measured: in rounds, with everybody's turn in each, and the medians of them. */
import { createDeadline } from '../../src/base/deadline';
import { abortable } from '../../src/base/async';
import type { Lab } from './lab';
import { median } from './statistics';

/** What one sample found, by the row's name. */
export type Figures = Readonly<Record<string, number>>;

export type Sampler = () => Promise<Figures>;

/** Who takes part: ours, or a peer in its place, beside sshd as it comes and sshd held to our algorithms. */
export interface Contest {
  /** By the backend that its rows name. */
  readonly ours: Readonly<Record<string, Sampler>>;
  readonly sshd?: Sampler;
  readonly sameAlgorithms?: Sampler;
}

/** A row of the report. */
export interface Result {
  readonly name: string;
  /** Whose figure stands under `ours`. */
  readonly backend: string;
  readonly unit: string;
  readonly ours: number;
  readonly sshd?: number;
  readonly sameAlgorithms?: number;
}

/** Some rows that are measured together. */
export interface Bench {
  /** Names of its rows, with their units. */
  readonly rows: Readonly<Record<string, string>>;
  /** Rejects with an {@link Unavailable} if it cannot be had on this computer. */
  readonly prepare: (lab: Lab) => Promise<Contest>;
}

/** This computer lacks something; the message says what. The other rows can be measured all the same. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** Many times what any sample takes. */
const SAMPLE_LIMIT_MS = 180_000;

/** Measures `rounds` times after one round that warms up. */
export async function runBench(bench: Bench, lab: Lab, rounds: number): Promise<Result[]> {
  const contest = await bench.prepare(lab);
  const ours = Object.entries(contest.ours).map(([backend, sample]) => new Party(sample, backend));
  const sshd = contest.sshd && new Party(contest.sshd);
  const sameAlgorithms = contest.sameAlgorithms && new Party(contest.sameAlgorithms);
  const parties = [...ours, sshd, sameAlgorithms].filter((party) => party !== undefined);
  for (let round = 0; round <= rounds; round++) {
    lab.say(`${Object.keys(bench.rows).join(' ')}: round ${round} of ${rounds}`);
    // In turn, so that a busy moment of the computer hits all alike.
    for (const party of parties) {
      const figures = await limited(bench, party.sample);
      if (round > 0) party.figures.push(figures);
    }
  }
  return Object.entries(bench.rows).flatMap(([name, unit]) =>
    ours.flatMap((party) => resultOf({ name, unit }, party, { sshd, sameAlgorithms })),
  );
}

/** Somebody who takes part, and what was found of them. */
class Party {
  readonly figures: Figures[] = [];

  constructor(
    readonly sample: Sampler,
    readonly backend = '',
  ) {}

  /** Undefined: it has no such row. */
  medianOf(row: string): number | undefined {
    const values = this.figures.flatMap((figures) => figures[row] ?? []);
    return values.length > 0 ? median(values) : undefined;
  }
}

function limited(bench: Bench, sample: Sampler): Promise<Figures> {
  const late = (): Error => new Error(`${Object.keys(bench.rows)[0]} took over ${SAMPLE_LIMIT_MS / 1000} s`);
  const limit = createDeadline(SAMPLE_LIMIT_MS, late);
  return abortable(sample(), limit.signal).finally(() => limit.dispose());
}

function resultOf(
  { name, unit }: Pick<Result, 'name' | 'unit'>,
  party: Party,
  beside: Readonly<Record<'sshd' | 'sameAlgorithms', Party | undefined>>,
): Result[] {
  const ours = party.medianOf(name);
  if (ours === undefined) return [];
  const sshd = beside.sshd?.medianOf(name);
  const sameAlgorithms = beside.sameAlgorithms?.medianOf(name);
  return [
    {
      ...{ name, backend: party.backend, unit, ours },
      ...(sshd !== undefined && { sshd }),
      ...(sameAlgorithms !== undefined && { sameAlgorithms }),
    },
  ];
}
