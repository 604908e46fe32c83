/** The table of all cases, as tests of one way into a sandbox. */
import { compare, see, type BackendName, type Case, type Difference } from './case';
import { backwardCases } from './cases/backward';
import { clientCases } from './cases/clients';
import { environmentCases } from './cases/environment';
import { exitCases } from './cases/exit';
import { fileCases } from './cases/files';
import { forwardCases } from './cases/forwards';
import { loginCases } from './cases/login';
import { optionCases } from './cases/options';
import { streamCases } from './cases/streams';
import { terminalCases } from './cases/terminal';
import { Side, type Place, type Reference, type Target } from './target';

const topics: Readonly<Record<string, readonly Case[]>> = {
  'how a command ends': exitCases,
  'stdin, stdout and stderr': streamCases,
  'forwarded connections': forwardCases,
  'a terminal': terminalCases,
  'a login shell': loginCases,
  files: fileCases,
  'options of ssh': optionCases,
  'other clients': clientCases,
  'what leads back to this computer': backwardCases,
  'the environment of a command': environmentCases,
};

/** What the cases and their clients run. */
export const TOOLS = [
  ...['ssh', 'scp', 'sftp', 'ssh1', 'dbclient', 'plink', 'rsync', 'git'],
  ...['bwrap', 'python3', 'vim', 'less', 'top'],
];

export interface TableOptions {
  /** What is tested. */
  readonly backend: BackendName;
  readonly open: () => Promise<Place>;
  /** Open when the tests run. */
  readonly reference: Reference;
  /** What may differ in this kind of sandbox alone, by the name of a case. */
  readonly differs?: ReadonlyMap<string, Difference>;
}

/** Defines a test of each case, which compares what it sees of our bridge with what it sees of sshd. */
export function defineTable({ backend, open, reference, differs }: TableOptions): void {
  let bridge: Side | undefined;
  before(async function () {
    this.timeout(120_000);
    bridge = await Side.open(await open());
  });
  after(() => bridge?.close());

  for (const [topic, cases] of Object.entries(topics)) {
    describe(topic, () => {
      for (const one of cases) {
        defineTest(excused(one, differs), backend, { reference, bridge: () => bridge!.target() });
      }
    });
  }
}

function excused(one: Case, differs: TableOptions['differs']): Case {
  const difference = differs?.get(one.name);
  return difference ? { ...one, differs: difference } : one;
}

interface Sides {
  readonly reference: Reference;
  readonly bridge: () => Target;
}

function defineTest(one: Case, backend: BackendName, { reference, bridge }: Sides): void {
  const { name, impossible, timeoutMs = 60_000 } = one;
  if (impossible?.backends.includes(backend)) {
    it(`refuses, since ${impossible.why}: ${name}`, () => impossible.isRefused(bridge())).timeout(timeoutMs);
    return;
  }
  it(name, async () => {
    const [sshd, ours] = await Promise.all([reference.see(one), see(one, bridge())]);
    compare(one, sshd, ours);
  }).timeout(timeoutMs);
}
