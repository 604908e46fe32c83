import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { ByteReader } from '../../../../src/base/byteReader';
import { EXIT_NOT_RUNNING } from '../../../../src/agentProtocol/errors';
import { ATTACH_FUNCTION } from '../../../../src/ssh/backends/agent/attachScript';
import { startLocalProcess } from '../../../helpers/localProcess';
import { makePath } from '../../../helpers/localTransport';
import { readAll } from '../../../helpers/remoteProcess';
import { isOnPath, skipFor } from '../../../helpers/require';
import { useTempDir } from '../../../helpers/tempDir';

const PAYLOAD = randomBytes(3_000_000);

for (const { by, programs } of [
  { by: 'perl', programs: { perl: '/usr/bin/perl' } },
  { by: 'Node where there is no perl', programs: {} },
]) {
  describe(`a carrier to an agent's socket, by ${by}`, () => {
    const temp = useTempDir();
    let server: net.Server;
    before(function () {
      if (by === 'perl' && !isOnPath('perl')) skipFor(this, 'not installed: perl');
    });
    beforeEach(async () => {
      symlinkSync(process.execPath, path.join(temp.path, 'node'));
      symlinkSync(path.resolve('dist/agent.js'), path.join(temp.path, 'agent.js'));
      server = net.createServer({ allowHalfOpen: true });
      await once(server.listen(path.join(temp.path, 'agent.sock')), 'listening');
    });
    afterEach(() => server.close());

    function start() {
      const env = { PATH: makePath(path.join(temp.path, 'bin'), { sh: '/bin/sh', ...programs }) };
      return startLocalProcess(['sh', '-c', `${ATTACH_FUNCTION}attach "$1"`, 'sh', temp.path], env);
    }

    async function attach() {
      const accepted = once(server, 'connection') as Promise<[net.Socket]>;
      const process = start();
      const [agent] = await accepted;
      return { agent, process };
    }

    it('carries bytes both ways at once', async () => {
      const { agent, process } = await attach();

      agent.write(PAYLOAD);
      process.stdin.write(PAYLOAD);
      const [up, down] = await Promise.all([
        new ByteReader(agent).read(PAYLOAD.length),
        new ByteReader(process.stdout).read(PAYLOAD.length),
      ]);

      assert.ok(up.equals(PAYLOAD) && down.equals(PAYLOAD));
      agent.destroy();
    });

    it('ends when the agent ends it, with all that it had sent', async () => {
      const { agent, process } = await attach();

      agent.end(PAYLOAD);

      assert.ok((await readAll(process.stdout)).equals(PAYLOAD));
      await process.exited;
      agent.destroy();
    });

    it('ends when its stdin does, with all that was written', async () => {
      const { agent, process } = await attach();

      process.stdin.end(PAYLOAD);

      assert.ok((await readAll(agent)).equals(PAYLOAD));
      await process.exited;
      agent.destroy();
    });

    it('says by its exit code that no agent runs', async () => {
      server.close();

      assert.deepEqual(await start().exited, { code: EXIT_NOT_RUNNING });
    });
  });
}
