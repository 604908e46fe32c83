import * as path from 'node:path';
import { describeError } from '../../../src/base/errors';
import { engineRoot, TEST_IMAGE, TestDockerd } from '../../helpers/dockerd';
import { Unavailable } from '../bench';
import type { Lab } from '../lab';
import type { Argv, CommandOptions, Target } from '../target';

/** `docker exec` into a container, by Docker's own client. */
export async function openDockerExec(lab: Lab): Promise<Target> {
  const { root, engine } = await startEngine();
  lab.cleanUps.add(() => engine.stop());
  const container = await engine.client.createContainer({
    Image: TEST_IMAGE,
    // The image has busybox and no names for its programs.
    Cmd: ['sh', '-c', 'busybox --install -s /bin; exec sleep 1000000'],
    HostConfig: { NetworkMode: 'none' },
  });
  await container.start();
  return new DockerExec([path.join(root, 'usr/bin/docker'), '-H', engine.host], container.id);
}

async function startEngine(): Promise<{ root: string; engine: TestDockerd }> {
  try {
    const root = await engineRoot();
    return { root, engine: await TestDockerd.start(root) };
  } catch (cause) {
    throw new Unavailable(`no Docker engine can run here: ${describeError(cause)}`, { cause });
  }
}

class DockerExec implements Target {
  constructor(
    private readonly client: Argv,
    private readonly container: string,
  ) {}

  command(line: string, { terminal = false }: CommandOptions = {}): Argv {
    return [...this.client, 'exec', terminal ? '-it' : '-i', this.container, 'sh', '-c', line];
  }
}
