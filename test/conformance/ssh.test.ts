import { requireTool } from '../helpers/require';
import type { BackendName } from './case';
import { openBridge, openSshd } from './localPlace';
import { defineTable, TOOLS } from './table';
import { Reference } from './target';

/** The backends of the bridge that run the table. */
const backends: readonly BackendName[] = ['exec', 'agent', 'sshd'];

describe('our bridge beside a real sshd', () => {
  const reference = new Reference();
  before(async function () {
    this.timeout(120_000);
    requireTool(this, ...TOOLS);
    await reference.open(await openSshd());
  });
  after(() => reference.close());

  for (const backend of backends) {
    describe(`by the backend ${backend}:`, () => {
      defineTable({ backend, open: () => openBridge(backend), reference });
    });
  }
});
