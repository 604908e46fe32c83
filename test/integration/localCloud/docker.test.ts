import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { silentLogger } from '../../../src/base/logger';
import { BOX_LABEL, probeDocker } from '../../../src/localCloud/runtimes/docker';
import type { BoxSpec, Runtime } from '../../../src/localCloud/runtimes/runtime';
import { DockerHarness } from '../../helpers/dockerHarness';
import { eventually } from '../../helpers/eventually';
import { useTempDir } from '../../helpers/tempDir';

describe('Docker runtime', function () {
  this.timeout(60_000);
  const docker = DockerHarness.use();

  describe('boxes', () => {
    it('keep their files when they are stopped and started again', async () => {
      const box = await docker.startedBox();
      await docker.run(box, ['sh', '-c', 'echo kept >/kept']);

      await docker.runtime.stop(box);
      await docker.runtime.start(box);

      assert.equal((await docker.run(box, ['cat', '/kept'])).stdout, 'kept\n');
      await docker.runtime.remove(box);
    });

    it('stop at once, and every command with them', async () => {
      const box = await docker.startedBox();
      const execution = await docker.exec(box, ['sh', '-c', 'trap "" TERM; sleep 4008']);

      await docker.runtime.stop(box);

      assert.equal(await docker.runtime.isRunning(box), false);
      assert.equal(await execution.exited, -9);
      await assert.rejects(docker.exec(box, ['true']), { code: 'not-running' });
      await docker.runtime.remove(box);
    });

    it('stop although nobody reads the output of a command', async () => {
      const box = await docker.startedBox();
      const execution = await docker.exec(box, ['yes']);
      await eventually(() => assert.ok(execution.stdout.readableLength > 0));

      await docker.runtime.stop(box);

      assert.equal(await execution.exited, -9);
      await docker.runtime.remove(box);
    });

    it('may be started, stopped and removed twice', async () => {
      const box = await docker.startedBox();
      await docker.runtime.start(box);
      await docker.runtime.stop(box);
      await docker.runtime.stop(box);
      await docker.runtime.remove(box);

      await docker.runtime.remove(box);

      assert.equal(await docker.runtime.isRunning(box), false);
      await assert.rejects(docker.runtime.start(box), { code: 'gone', message: /no longer exists/ });
    });

    it('go on running when the server that made them is gone', async () => {
      const box = await docker.startedBox();

      const successor = await docker.probe();

      assert.equal(await successor.isRunning(box), true);
      await successor.remove(box);
    });

    it('resume when somebody paused them', async () => {
      const box = await docker.startedBox();
      await docker.engine.client.getContainer(`cloud-sandboxes-${box.id}`).pause();
      assert.equal(await docker.runtime.isRunning(box), false);

      await docker.runtime.start(box);

      assert.equal((await docker.run(box, ['echo', 'awake'])).stdout, 'awake\n');
      await docker.runtime.remove(box);
    });

    it('have the limits, the label and the isolation asked for', async () => {
      const box = docker.newBox({ cpus: 0.5, memoryMib: 64, workingDir: '/project' });
      await docker.runtime.create(box);

      const { Config, HostConfig } = await docker.engine.client
        .getContainer(`cloud-sandboxes-${box.id}`)
        .inspect();

      assert.equal(Config.Labels[BOX_LABEL], box.id);
      assert.equal(Config.WorkingDir, '/project');
      assert.equal(HostConfig.NanoCpus, 500_000_000);
      assert.equal(HostConfig.Memory, 64 * 1024 * 1024);
      assert.equal(HostConfig.NetworkMode, 'none');
      await docker.runtime.remove(box);
    });

    const shells = [
      { what: 'no shell', script: 'rm /bin/sh' },
      {
        what: 'a shell for other processors',
        script: 'rm /bin/sh; printf "\\177ELF" >/bin/sh; chmod +x /bin/sh',
      },
    ];
    for (const [index, { what, script }] of shells.entries()) {
      it(`are not started from an image with ${what}, and the error says why`, async () => {
        const image = `bad-shell:${index}`;
        const source = await docker.startedBox();
        await docker.run(source, ['sh', '-c', script]);
        const [repo, tag] = image.split(':');
        await docker.engine.client.getContainer(`cloud-sandboxes-${source.id}`).commit({ repo, tag });
        const box = docker.newBox({ image });
        await docker.runtime.create(box);

        await assert.rejects(docker.runtime.start(box), {
          code: 'bad-image',
          message: new RegExp(`${image}.*/bin/sh`),
        });

        assert.equal(await docker.runtime.isRunning(box), false);
        await docker.runtime.remove(box);
        await docker.runtime.remove(source);
      });
    }

    it('are not created from an image that is nowhere, and the error names it', async () => {
      await assert.rejects(docker.runtime.create(docker.newBox({ image: 'registry.invalid/no/such:1' })), {
        code: 'bad-image',
        message: /registry\.invalid\/no\/such:1.*docker pull/,
      });
    });
  });

  describe('files', () => {
    let box: BoxSpec;

    before(async () => {
      box = await docker.startedBox();
      const script = 'mkdir -p /src/sub && echo content >/src/sub/file && chmod 750 /src/sub/file';
      await docker.run(box, ['sh', '-c', script]);
    });

    const sources = [
      { path: '/src/sub', unpacked: 'sub/file' },
      { path: '/src/sub/', unpacked: 'file' },
      { path: '/src/sub/file', unpacked: 'file' },
      { path: 'src/sub/file', unpacked: 'file' },
    ];
    for (const [index, { path: source, unpacked }] of sources.entries()) {
      it(`of ${source} arrive as ${unpacked} in a folder that is made for them`, async () => {
        const target = `/made/for/it${index}`;
        const archive = await buffer(await docker.runtime.getArchive(box, source));

        await docker.runtime.putArchive(box, target, Readable.from([archive]));

        const script = `cd ${target} && stat -c %a ${unpacked} && cat ${unpacked}`;
        assert.equal((await docker.run(box, ['sh', '-c', script])).stdout, '750\ncontent\n');
      });
    }

    it('that are not there are refused', async () => {
      await assert.rejects(docker.runtime.getArchive(box, '/no/such/file'), { code: 'no-such-path' });
    });

    it('for a folder that cannot be made are refused, and the error says why', async () => {
      await assert.rejects(docker.runtime.putArchive(box, '/dev/null/x', Readable.from(['tar'])), {
        code: 'failed',
        message: /mkdir: .*\/dev\/null/,
      });
    });

    it('are refused when the upload is no archive', async () => {
      await assert.rejects(docker.runtime.putArchive(box, '/tmp', Readable.from(['no archive'])), {
        code: 'failed',
      });
    });

    it('are refused when the upload breaks off', async () => {
      const broken = new Readable({ read: () => undefined });
      const upload = docker.runtime.putArchive(box, '/tmp', broken);
      broken.push('the beginning of an archive');
      broken.destroy();

      await assert.rejects(upload, { code: 'failed', message: /broke off/ });
    });
  });

  describe('probe', () => {
    const temporary = useTempDir();

    it('passes over the socket file of an engine that died', async () => {
      const socket = path.join(temporary.path, 'dead.sock');
      const leave = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
      spawnSync(process.execPath, ['-e', leave, socket]);
      assert.ok(existsSync(socket));

      assert.equal(await probeAt(socket), undefined);
    });

    it('does not wait for an engine that never answers', async () => {
      const socket = path.join(temporary.path, 'hung.sock');
      const server = createServer().listen(socket);
      await once(server, 'listening');
      const startedAt = Date.now();

      assert.equal(await probeAt(socket), undefined);

      assert.ok(Date.now() - startedAt < 5_000);
      server.close();
    });

    function probeAt(socket: string): Promise<Runtime | undefined> {
      const env = { HOME: temporary.path, DOCKER_HOST: `unix://${socket}` };
      return probeDocker({ log: silentLogger, env });
    }
  });
});
