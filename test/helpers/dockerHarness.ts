import { strict as assert } from 'node:assert';
import { text } from 'node:stream/consumers';
import { silentLogger } from '../../src/base/logger';
import { probeDocker } from '../../src/localCloud/runtimes/docker';
import type { BoxSpec, BoxProcess, ExecSpec, Runtime } from '../../src/localCloud/runtimes/runtime';
import { startDockerd, TEST_IMAGE, type TestDockerd } from './dockerd';
import { eventually } from './eventually';

export type RunOptions = Partial<ExecSpec> & { readonly input?: string };

export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** The Docker runtime over an engine of its own, for the suite it is made in. */
export class DockerHarness {
  #engine: TestDockerd | undefined;
  #runtime: Runtime | undefined;
  #boxes = 0;

  /** Call it in a `describe`: starts the engine before the suite's tests and ends it after them. */
  static use(): DockerHarness {
    const harness = new DockerHarness();
    before(async function () {
      harness.#engine = await startDockerd(this);
      harness.#runtime = await harness.probe();
    });
    after(() => harness.#engine?.stop());
    return harness;
  }

  get engine(): TestDockerd {
    assert.ok(this.#engine);
    return this.#engine;
  }

  get runtime(): Runtime {
    assert.ok(this.#runtime);
    return this.#runtime;
  }

  /** Another runtime over the same engine, as a restarted server has it. */
  async probe(): Promise<Runtime> {
    const env = { HOME: '/nonexistent', DOCKER_HOST: this.engine.host };
    const found = await probeDocker({ log: silentLogger, env, image: TEST_IMAGE });
    assert.ok(found);
    return found;
  }

  newBox(options: Partial<BoxSpec> = {}): BoxSpec {
    const id = `box${++this.#boxes}`;
    return { id, hostname: 'test-host', dir: '/nonexistent', env: {}, network: false, ...options };
  }

  async startedBox(options: Partial<BoxSpec> = {}): Promise<BoxSpec> {
    const box = this.newBox(options);
    await this.runtime.create(box);
    await this.runtime.start(box);
    return box;
  }

  exec(box: BoxSpec, argv: ExecSpec['argv'], options: Partial<ExecSpec> = {}): Promise<BoxProcess> {
    return this.runtime.exec(box, { argv, env: {}, ...options });
  }

  /** Runs a command with the given input to its end. */
  async run(box: BoxSpec, argv: ExecSpec['argv'], options: RunOptions = {}): Promise<Result> {
    const { input = '', ...spec } = options;
    const command = await this.exec(box, argv, spec);
    command.stdin.end(input);
    const [stdout, stderr, code] = await Promise.all([
      text(command.stdout),
      text(command.stderr),
      command.exited,
    ]);
    return { stdout, stderr, code };
  }

  /** Command lines of the live processes in a box, without the box's own and that of the asking. */
  async processes(box: BoxSpec): Promise<string[]> {
    const { stdout } = await this.run(box, ['ps', '-o', 'stat,args']);
    return stdout
      .split('\n')
      .slice(1)
      .filter((line) => line !== '' && !/^Z|docker-init|2147483|\bps\b/.test(line))
      .map((line) => line.replace(/^\S+\s+/, ''));
  }
}

/** Reads on until the text appears, and leaves what follows to others. */
export async function waitForOutput(command: BoxProcess, wanted: string): Promise<void> {
  let seen = '';
  await eventually(() => {
    seen += String((command.stdout.read() as Buffer | null) ?? '');
    assert.ok(seen.includes(wanted), seen);
  });
}
