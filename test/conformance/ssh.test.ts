import { requireTool } from '../helpers/require';
import { compare, see, type BackendName, type Case } from './case';
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
import { openBridge, Reference, type Side, type Target } from './target';

/** The backends of the bridge that run the table. */
const backends: readonly BackendName[] = ['exec', 'agent'];

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

describe('our bridge beside a real sshd', () => {
  const reference = new Reference();
  before(async function () {
    requireTool(this, ...TOOLS);
    await reference.open();
  });
  after(() => reference.close());

  for (const backend of backends) {
    describe(`by the backend ${backend}:`, () => {
      let bridge: Side | undefined;
      before(async () => {
        bridge = await openBridge(backend);
      });
      after(() => bridge?.close());

      for (const [topic, cases] of Object.entries(topics)) {
        describe(topic, () => {
          for (const one of cases) defineTest(one, backend, { reference, bridge: () => bridge!.target() });
        });
      }
    });
  }
});

interface Sides {
  readonly reference: Reference;
  readonly bridge: () => Target;
}

function defineTest(one: Case, backend: BackendName, { reference, bridge }: Sides): void {
  const { name, impossible, timeoutMs = 20_000 } = one;
  if (impossible?.backends.includes(backend)) {
    it(`refuses, since ${impossible.why}: ${name}`, () => impossible.isRefused(bridge())).timeout(timeoutMs);
    return;
  }
  it(name, async () => {
    const [sshd, ours] = await Promise.all([reference.see(one), see(one, bridge())]);
    compare(one, sshd, ours);
  }).timeout(timeoutMs);
}
