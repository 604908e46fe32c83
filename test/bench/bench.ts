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
  readonly ours: Sampler;
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
  readonly backend: string;
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
  const parties = Object.entries(contest) as [keyof Contest, Sampler][];
  const samples = new Map(parties.map(([party]): [keyof Contest, Figures[]] => [party, []]));
  for (let round = 0; round <= rounds; round++) {
    lab.say(`${Object.keys(bench.rows).join(' ')}: round ${round} of ${rounds}`);
    // In turn, so that a busy moment of the computer hits all alike.
    for (const [party, sample] of parties) {
      const figures = await limited(bench, sample);
      if (round > 0) samples.get(party)?.push(figures);
    }
  }
  return resultsOf(bench, samples);
}

function limited(bench: Bench, sample: Sampler): Promise<Figures> {
  const late = (): Error => new Error(`${Object.keys(bench.rows)[0]} took over ${SAMPLE_LIMIT_MS / 1000} s`);
  const limit = createDeadline(SAMPLE_LIMIT_MS, late);
  return abortable(sample(), limit.signal).finally(() => limit.dispose());
}

function resultsOf(
  { rows, backend }: Bench,
  samples: ReadonlyMap<keyof Contest, readonly Figures[]>,
): Result[] {
  return Object.entries(rows).flatMap(([name, unit]) => {
    const medianOf = (party: keyof Contest): number | undefined => {
      const values = (samples.get(party) ?? []).flatMap((figures) => figures[name] ?? []);
      return values.length > 0 ? median(values) : undefined;
    };
    const ours = medianOf('ours');
    if (ours === undefined) return [];
    const sshd = medianOf('sshd');
    const sameAlgorithms = medianOf('sameAlgorithms');
    return [
      {
        ...{ name, backend, unit, ours },
        ...(sshd !== undefined && { sshd }),
        ...(sameAlgorithms !== undefined && { sameAlgorithms }),
      },
    ];
  });
}
