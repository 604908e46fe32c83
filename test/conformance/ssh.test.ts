import { requireTool } from '../helpers/require';
import { compare, type BackendName, type Case } from './case';
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
  'what leads back to this computer': backwardCases,
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
    after(() => comparison?.close());

    for (const [topic, cases] of Object.entries(topics)) {
      describe(topic, () => {
        for (const one of cases) defineTest(one, backend, () => comparison!);
      });
    }
  });
}

function defineTest(one: Case, backend: BackendName, comparison: () => Comparison): void {
  const { name, impossible, timeoutMs = 20_000 } = one;
  if (impossible?.backends.includes(backend)) {
    it(`refuses, since ${impossible.why}: ${name}`, async () => {
      const { sshd, bridge } = comparison().targets();
      // That the case itself is right shows beside sshd.
      one.check(await one.run(sshd), {});
      await impossible.isRefused(bridge);
    }).timeout(timeoutMs);
    return;
  }
  it(name, () => compare(one, comparison().targets())).timeout(timeoutMs);
}
