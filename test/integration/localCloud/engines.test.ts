import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import { CREATE_TIMEOUT_MS } from '../../../src/cloud/boxlite/client';
import { listAll } from '../../../src/cloud/listAll';
import type { CloudClient } from '../../../src/cloud/provider';
import { providerOf } from '../../../src/cloud/registry';
import { PULL_TIMEOUT_MS } from '../../../src/localCloud/runtimes/dockerImage';
import { ContainerEngine } from '../../helpers/containerEngine';
import { eventually } from '../../helpers/eventually';
import { LocalCloudServer } from '../../helpers/localCloud';
import { useTempDir } from '../../helpers/tempDir';

describe('The local cloud and its container engine', () => {
  const dir = useTempDir();
  let engine: ContainerEngine;
  let server: LocalCloudServer;
  let client: CloudClient;

  beforeEach(async () => {
    engine = new ContainerEngine(path.join(dir.path, 'engine.sock'));
    await engine.start();
    await startCloud(engine);
  });
  afterEach(async () => {
    await stopCloud();
    await engine.stop();
  });

  async function startCloud({ url }: ContainerEngine): Promise<void> {
    server = await LocalCloudServer.start({
      stateDir: path.join(dir.path, 'state'),
      args: ['--runtime', 'docker'],
      env: { ...process.env, HOME: dir.path, DOCKER_HOST: url },
    });
    const token = readFileSync(server.ready.tokenFile, 'utf8').trim();
    client = providerOf('boxlite').connect(
      { provider: 'boxlite', baseUrl: server.ready.url, token },
      silentLogger,
    );
  }

  async function stopCloud(): Promise<void> {
    client.dispose();
    await server.stop();
  }

  it('is waited for as long as it may fetch an image, and make a container of it', () => {
    const engineMs = 2 * 120_000;
    assert.ok(CREATE_TIMEOUT_MS > PULL_TIMEOUT_MS + engineMs);
  });

  it('fetches no image, and makes no sandbox, for somebody who has cancelled', async () => {
    engine.hasImages = false;
    const cancel = new AbortController();
    const created = client.create({}, cancel.signal);
    await eventually(() => assert.equal(engine.fetches, 1));

    cancel.abort(new Error('enough'));

    await assert.rejects(created, /enough/);
    await eventually(() => assert.equal(engine.fetches, 0));
    assert.deepEqual(await listAll(client), []);
  });

  it('says which engine has a sandbox when another one answers in its place', async () => {
    const { id } = await client.create({});
    await stopCloud();
    const other = new ContainerEngine(path.join(dir.path, 'other.sock'));
    await other.start();
    await startCloud(other);

    await assert.rejects(client.start(id), {
      code: 'unreachable',
      message: new RegExp(`engine at ${engine.url}.*did not answer.*start that engine`),
    });
    await other.stop();
  });

  it('says that its engine is to be started', async () => {
    const { id } = await client.create({});
    await engine.stop();

    await assert.rejects(client.start(id), { code: 'unreachable', message: /Start it and try again/ });
  });
});
