import { requireTool } from '../helpers/require';
import { compare, type BackendName, type Case } from './case';
import { clientCases } from './cases/clients';
import { environmentCases } from './cases/environment';
import { exitCases } from './cases/exit';
import { fileCases } from './cases/files';
import { forwardCases } from './cases/forwards';
import { loginCases } from './cases/login';
import { optionCases } from './cases/options';
import { pendingCases } from './cases/pending';
import { streamCases } from './cases/streams';
import { terminalCases } from './cases/terminal';
import { Comparison } from './target';

/** The backends of the bridge that run the table. */
const backends: readonly BackendName[] = ['exec'];

const topics: Readonly<Record<string, readonly Case[]>> = {
  'how a command ends': exitCases,
  'stdin, stdout and stderr': streamCases,
  'forwarded connections': forwardCases,
  'a terminal': terminalCases,
  'a login shell': loginCases,
  files: fileCases,
  'options of ssh': optionCases,
  'other clients': clientCases,
  'what leads back to this computer': pendingCases,
  'the environment of a command': environmentCases,
};

const TOOLS = [
  ...['ssh', 'scp', 'sftp', 'ssh1', 'dbclient', 'plink', 'rsync', 'git'],
  ...['bwrap', 'python3', 'vim', 'less', 'top'],
];

for (const backend of backends) {
  describe(`our bridge by the backend ${backend}, beside a real sshd:`, () => {
    let comparison: Comparison | undefined;
    before(async function () {
      requireTool(this, ...TOOLS);
      comparison = await Comparison.open();
    });
    after(async () => {
      await comparison?.close();
      listPending(backend);
    });

    for (const [topic, cases] of Object.entries(topics)) {
      describe(topic, () => {
        for (const one of cases) defineTest(one, backend, () => comparison!);
      });
    }
  });
}

function defineTest(one: Case, backend: BackendName, comparison: () => Comparison): void {
  const { name, pending, timeoutMs = 20_000 } = one;
  if (pending?.backends.includes(backend)) {
    it(`pending (until ${pending.until}): ${name}; is refused`, async () => {
      const { sshd, bridge } = comparison().targets();
      // That the case itself is right shows beside sshd.
      one.check(await one.run(sshd), {});
      await pending.isRefused(bridge);
    }).timeout(timeoutMs);
    return;
  }
  it(name, () => compare(one, comparison().targets())).timeout(timeoutMs);
}

/** A pending case passes, so that no run is red for it; this is what keeps it from being forgotten. */
function listPending(backend: BackendName): void {
  const pending = Object.values(topics)
    .flat()
    .filter((one) => one.pending?.backends.includes(backend));
  for (const { name, pending: reason } of pending) {
    process.stdout.write(`    pending until ${reason!.until}: ${name}\n`);
  }
}
