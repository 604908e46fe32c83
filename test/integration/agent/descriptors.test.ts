import assert from 'node:assert/strict';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { AgentClient } from '../../../src/ssh/backends/agent/agentClient';
import { TestAgent } from '../../helpers/agent';
import { eventually } from '../../helpers/eventually';
import { collect, readAll } from '../../helpers/remoteProcess';
import { skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

/** Those of the pipes that are made ahead. */
const RESERVED = 60;

describe('the descriptors of an agent', () => {
  const dir = useTempDir();
  let agent: TestAgent;
  let client: AgentClient;

  before(function () {
    if (process.platform !== 'linux') skipFor(this, 'descriptors are counted by /proc');
  });

  const start = async (options?: { readonly node: string }): Promise<void> => {
    agent = await TestAgent.start(path.join(dir.path, 'agent'), options);
    client = (await agent.connect()).client;
  };
  afterEach(() => agent.end());

  const count = (): number => readdirSync(`/proc/${agent.child.pid}/fd`).length;

  it('are given back by programs that end before their input does', async () => {
    await start();
    const before = count();

    for (let run = 0; run < 2 * RESERVED; run++) {
      const { stdout, stderr, exited } = await client.exec({ argv: ['true'], env: {} });
      await Promise.all([readAll(stdout), readAll(stderr), exited]);
    }

    await eventually(() => assert.ok(count() < before + RESERVED, `${count()} are open, ${before} were`));
  });

  describe('when there are no more', () => {
    const kinds = [
      { name: 'programs', terminal: undefined },
      { name: 'terminals', terminal: { columns: 80, rows: 24 } },
    ];
    for (const { name, terminal } of kinds) {
      it(`are missed by the ${name} that need them, and by nothing else`, async () => {
        const node = path.join(dir.path, 'node');
        writeFileSync(node, `#!/bin/sh\nulimit -n 128\nexec ${process.execPath} "$@"\n`);
        chmodSync(node, 0o755);
        await start({ node });
        const sleep = { argv: ['sleep', '1000'], env: {}, ...(terminal && { terminal }) } as const;

        const started = await Promise.allSettled(Array.from({ length: 60 }, () => client.exec(sleep)));
        const programs = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        for (const program of programs) program.kill();
        const ends = await Promise.all(programs.map(({ exited }) => exited));
        const ran = ends.filter((status) => 'signal' in status).length;
        assert.ok(ran > 0 && ran < started.length, `${ran} of ${started.length} ran`);

        await eventually(async () => {
          const isPipe = { argv: ['sh', '-c', 'test -p /dev/stdin'] as const, env: {} };
          assert.deepEqual((await collect(await client.exec(isPipe))).status, { code: 0 });
        });
      });
    }
  });
});
