import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import * as path from 'node:path';
import { ByteReader } from '../../../../src/base/byteReader';
import { EXIT_NOT_RUNNING } from '../../../../src/agentProtocol/errors';
import { ATTACHERS, prepareAttach, requireAttacher, type AttachCommand } from '../../../helpers/attach';
import { startLocalProcess } from '../../../helpers/localProcess';
import { readAll } from '../../../helpers/remoteProcess';
import { useTempDir } from '../../../helpers/tempDir';

const PAYLOAD = randomBytes(3_000_000);

for (const attacher of ATTACHERS) {
  describe(`a carrier to an agent's socket, by ${attacher.by}`, () => {
    const temp = useTempDir();
    let command: AttachCommand;
    let server: net.Server;
    before(function () {
      requireAttacher(this, attacher);
    });
    beforeEach(async () => {
      command = prepareAttach(temp.path, attacher);
      server = net.createServer({ allowHalfOpen: true });
      await once(server.listen(path.join(temp.path, 'agent.sock')), 'listening');
    });
    afterEach(() => server.close());

    const start = () => startLocalProcess(command.argv, command.env);

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
