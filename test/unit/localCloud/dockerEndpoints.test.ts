import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import {
  connectionOptions,
  engineUrls,
  type Surroundings,
  withoutCredentials,
} from '../../../src/localCloud/runtimes/dockerEndpoints';
import { useTempDir } from '../../helpers/tempDir';

const linux: Surroundings = { env: {}, platform: 'linux', home: '/home/me', uid: 1000 };

describe('Places of container engines', () => {
  const folder = useTempDir();

  const systems = [
    {
      name: 'Linux',
      surroundings: linux,
      urls: [
        'unix:///var/run/docker.sock',
        'unix:///run/user/1000/docker.sock',
        'unix:///home/me/.docker/desktop/docker.sock',
        'unix:///run/user/1000/podman/podman.sock',
        'unix:///run/podman/podman.sock',
      ],
    },
    {
      name: 'Linux as root',
      surroundings: { ...linux, uid: 0, home: '/root' },
      urls: [
        'unix:///var/run/docker.sock',
        'unix:///root/.docker/desktop/docker.sock',
        'unix:///run/podman/podman.sock',
      ],
    },
    {
      name: 'macOS',
      surroundings: { ...linux, platform: 'darwin', home: '/Users/me', env: { TMPDIR: '/var/folders/x/T/' } },
      urls: [
        'unix:///var/run/docker.sock',
        'unix:///Users/me/.docker/run/docker.sock',
        'unix:///var/folders/x/T/podman/podman-machine-default-api.sock',
        'unix:///Users/me/.local/share/containers/podman/machine/podman.sock',
      ],
    },
    {
      name: 'Windows',
      surroundings: { ...linux, platform: 'win32', uid: undefined },
      urls: ['npipe:////./pipe/docker_engine', 'npipe:////./pipe/podman-machine-default'],
    },
  ] as const;
  for (const { name, surroundings, urls } of systems) {
    it(`are the usual ones on ${name}`, async () => assert.deepEqual(await engineUrls(surroundings), urls));
  }

  it('begin with DOCKER_HOST, named once', async () => {
    const env = { DOCKER_HOST: 'unix:///run/podman/podman.sock' };

    const urls = await engineUrls({ ...linux, env });

    assert.equal(urls[0], env.DOCKER_HOST);
    assert.equal(urls.filter((url) => url === env.DOCKER_HOST).length, 1);
  });

  it("begin with the current context's when DOCKER_HOST is not set", async () => {
    writeContext('colima', { Endpoints: { docker: { Host: 'unix:///colima.sock' } } });
    writeFileSync(path.join(folder.path, 'config.json'), '{"currentContext":"colima","auths":{}}');

    const env = { DOCKER_CONFIG: folder.path, DOCKER_HOST: '' };

    assert.equal((await engineUrls({ ...linux, env }))[0], 'unix:///colima.sock');
  });

  it('are looked up as if variables that are empty were not set', async () => {
    mkdirSync(path.join(folder.path, '.docker'), { recursive: true });
    writeFileSync(path.join(folder.path, '.docker', 'config.json'), '{"currentContext":"colima"}');
    writeContext('colima', { Endpoints: { docker: { Host: 'unix:///colima.sock' } } }, '.docker');
    const env = { DOCKER_HOST: '', DOCKER_CONFIG: '', DOCKER_CONTEXT: '', XDG_RUNTIME_DIR: '' };

    const urls = await engineUrls({ ...linux, home: folder.path, env });

    assert.equal(urls[0], 'unix:///colima.sock');
    assert.ok(urls.includes('unix:///run/user/1000/docker.sock'));
  });

  it('prefer the context of DOCKER_CONTEXT', async () => {
    writeContext('other', { Endpoints: { docker: { Host: 'unix:///other.sock' } } });

    const env = { DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'other' };

    assert.equal((await engineUrls({ ...linux, env }))[0], 'unix:///other.sock');
  });

  for (const config of ['no JSON', '[]', '{"currentContext":7}', '{"currentContext":"missing"}']) {
    it(`are the usual ones when the configuration is ${config}`, async () => {
      writeFileSync(path.join(folder.path, 'config.json'), config);

      const urls = await engineUrls({ ...linux, env: { DOCKER_CONFIG: folder.path } });

      assert.equal(urls[0], 'unix:///var/run/docker.sock');
    });
  }

  function writeContext(name: string, content: object, below = ''): void {
    const id = createHash('sha256').update(name).digest('hex');
    const dir = path.join(folder.path, below, 'contexts', 'meta', id);
    mkdirSync(dir, { recursive: true });
    writeFileSync(path.join(dir, 'meta.json'), JSON.stringify(content));
  }
});

describe('Connection to a container engine', () => {
  const folder = useTempDir();

  const plain = [
    { url: 'unix:///run/x.sock', want: { socketPath: '/run/x.sock', protocol: 'http' } },
    { url: 'npipe:////./pipe/x', want: { socketPath: '//./pipe/x', protocol: 'http' } },
    { url: 'tcp://127.0.0.1:2375', want: { host: '127.0.0.1', port: '2375', protocol: 'http' } },
    { url: 'tcp://engine.test', want: { host: 'engine.test', port: 2375, protocol: 'http' } },
  ];
  for (const { url, want } of plain) {
    it(`goes to ${url}`, async () => {
      const options = await connectionOptions(url, linux);

      assert.deepEqual(JSON.parse(JSON.stringify(options)), want);
      // An own property keeps dockerode from taking the value of DOCKER_HOST instead.
      assert.ok('host' in options);
    });
  }

  it('uses the certificates of DOCKER_CERT_PATH where TLS is asked for', async () => {
    for (const file of ['ca', 'cert', 'key']) writeFileSync(path.join(folder.path, `${file}.pem`), file);
    const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder.path };

    const { host, port, protocol, ca, cert, key } = await connectionOptions('tcp://engine.test', {
      ...linux,
      env,
    });

    assert.deepEqual([host, port, protocol], ['engine.test', 2376, 'https']);
    assert.deepEqual([ca, cert, key].map(String), ['ca', 'cert', 'key']);
  });

  for (const url of ['ssh://me@engine.test', 'engine.test:2375', '/var/run/docker.sock', 'tcp://']) {
    it(`refuses ${url}`, async () => {
      await assert.rejects(connectionOptions(url, linux), { code: 'unsupported' });
    });
  }

  it('is not logged with its credentials', () => {
    assert.equal(withoutCredentials('tcp://me:secret@engine.test:1'), 'tcp://engine.test:1');
  });
});
