/** Boxes as containers of a Docker-compatible engine (Docker, Podman). */
import * as os from 'node:os';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { describeErrorChain, printable } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { getArchive, putArchive } from './dockerArchive';
import { connectEngine, type Engine } from './dockerEngine';
import { engineUrls, type Surroundings, withoutCredentials } from './dockerEndpoints';
import { engineError, engineMessage, hasStatus, isAnswer } from './dockerErrors';
import { RuntimeError } from './errors';
import { askInBox, launch } from './dockerExec';
import { DockerProcess } from './dockerProcess';
import { checkReference, DEFAULT_IMAGE, ensureImage } from './dockerImage';
import { IDLE_COMMAND, READY_ANSWER, READY_COMMAND } from './dockerScripts';
import type { BoxSpec, BoxProcess, ExecSpec, Runtime } from './runtime';

/** Label of every container of ours; its value is the box's id. */
export const BOX_LABEL = 'cloud-sandboxes.box';

/** The first process ends at once when told to; this is for an engine that is slow to tell it. */
const STOP_GRACE_S = 2;
const BYTES_PER_MIB = 2 ** 20;

export interface ProbeOptions {
  readonly log: Logger;
  /** Where `DOCKER_HOST` and its like are looked up; `process.env` unless told. */
  readonly env?: NodeJS.ProcessEnv;
  /** Image of boxes that name none; {@link DEFAULT_IMAGE} unless told. */
  readonly image?: string;
}

/**
 * Finds an engine that answers, in the order of {@link engineUrls}; undefined if none does within two seconds.
 * Whether it can get an image shows when a box is created, which then fails and names the image: a probe that asked
 * a registry would be slow, and wrong the next time the network changes.
 */
export async function probeDocker(options: ProbeOptions): Promise<Runtime | undefined> {
  const { log, env = process.env, image = DEFAULT_IMAGE } = options;
  const home = env['HOME'] ?? os.homedir();
  const surroundings = { env, platform: process.platform, home, uid: process.getuid?.() };
  const urls = await engineUrls(surroundings);
  const engines = await Promise.all(urls.map((url) => tryEngine(url, surroundings, log)));
  const engine = engines.find((candidate) => candidate !== undefined);
  if (!engine) return undefined;
  log.info(`Container engine: ${printable(engine.title)} at ${engine.url}`);
  return new DockerRuntime(engine, image, log);
}

async function tryEngine(url: string, surroundings: Surroundings, log: Logger): Promise<Engine | undefined> {
  try {
    return await connectEngine(url, surroundings);
  } catch (error) {
    const message = `No container engine at ${withoutCredentials(url)}: ${describeErrorChain(error)}`;
    // What the user chose explicitly is worth a word; the usual places are not.
    if (url === surroundings.env['DOCKER_HOST']) log.warn(message);
    else log.debug(message);
    return undefined;
  }
}

class DockerRuntime implements Runtime {
  readonly name = 'docker';
  readonly place: string;
  /** Running commands by box id. */
  readonly #commands = new Map<string, Set<DockerProcess>>();

  constructor(
    private readonly engine: Engine,
    private readonly defaultImage: string,
    private readonly log: Logger,
  ) {
    this.place = engine.url;
  }

  async create(box: BoxSpec, signal?: AbortSignal): Promise<void> {
    const image = checkReference(this.#imageOf(box));
    await ensureImage(this.engine, image, this.log, signal);
    try {
      await this.engine.control.createContainer(containerOptions(box, image));
    } catch (error) {
      throw engineError(`create a container of image ${image}`, error);
    }
  }

  async start(box: BoxSpec): Promise<void> {
    try {
      const { State: state } = await this.#container(box).inspect();
      if (state.Paused) await this.#container(box).unpause();
      else if (!state.Running) await this.#container(box).start();
    } catch (error) {
      if (hasStatus(error, 404)) throw missing(box, this.place, error);
      // 304: somebody else started it in the meantime.
      if (!hasStatus(error, 304)) throw engineError('start the box', error);
    }
    await this.#requireShell(box);
  }

  async stop(box: BoxSpec): Promise<void> {
    this.#expectStop(box);
    try {
      await this.#container(box).stop({ t: STOP_GRACE_S });
    } catch (error) {
      // 304: it is stopped; 404: it is gone, and so are its processes.
      if (!hasStatus(error, 304, 404)) throw engineError('stop the box', error);
    }
  }

  async isRunning(box: BoxSpec): Promise<boolean> {
    try {
      const { State: state } = await this.#container(box).inspect();
      return state.Running && !state.Paused;
    } catch (error) {
      if (hasStatus(error, 404)) return false;
      throw engineError('look up the box', error);
    }
  }

  async remove(box: BoxSpec): Promise<void> {
    this.#expectStop(box);
    try {
      await this.#container(box).remove({ force: true, v: true });
    } catch (error) {
      if (!hasStatus(error, 404)) throw engineError('remove the box', error);
    }
  }

  async exec(box: BoxSpec, spec: ExecSpec): Promise<BoxProcess> {
    const attached = await launch(this.engine, containerName(box), spec);
    const command = new DockerProcess(this.engine, containerName(box), attached, this.log);
    this.#track(box.id, command);
    return command;
  }

  async putArchive(box: BoxSpec, path: string, tar: Readable): Promise<void> {
    return putArchive(this.engine, containerName(box), path, tar);
  }

  async getArchive(box: BoxSpec, path: string): Promise<Readable> {
    return getArchive(this.engine, containerName(box), path);
  }

  /** The engine starts a box of any image; one whose first process cannot run ends a moment later. */
  async #requireShell(box: BoxSpec): Promise<void> {
    let answer: string;
    try {
      answer = await askInBox(this.engine, containerName(box), { Cmd: [...READY_COMMAND] });
    } catch (error) {
      if (!isAnswer(error)) throw engineError('start the box', error);
      answer = engineMessage(error);
    }
    if (answer === READY_ANSWER) return;
    throw new RuntimeError(
      'bad-image',
      `Image ${this.#imageOf(box)} cannot run as a box here (${printable(answer, 200) || 'no answer'}). It needs a ` +
        'shell at /bin/sh, for the processors of the container engine; delete the box and choose another image',
    );
  }

  #track(boxId: string, command: DockerProcess): void {
    const ofBox = this.#commands.get(boxId) ?? new Set();
    this.#commands.set(boxId, ofBox.add(command));
    void command.exited.then(() => {
      ofBox.delete(command);
      if (ofBox.size === 0) this.#commands.delete(boxId);
    });
  }

  #expectStop(box: BoxSpec): void {
    for (const command of this.#commands.get(box.id) ?? []) command.expectBoxToStop();
  }

  #imageOf(box: BoxSpec): string {
    return box.image ?? this.defaultImage;
  }

  #container(box: BoxSpec): Docker.Container {
    return this.engine.control.getContainer(containerName(box));
  }
}

function containerName(box: BoxSpec): string {
  return `cloud-sandboxes-${encodeURIComponent(box.id)}`;
}

function containerOptions(box: BoxSpec, image: string): Docker.ContainerCreateOptions {
  return {
    name: containerName(box),
    Image: image,
    Hostname: box.hostname,
    Labels: { [BOX_LABEL]: box.id },
    Env: Object.entries(box.env).map(([name, value]) => `${name}=${value}`),
    // Whatever the image would run is not wanted: the box idles, and commands come as execs.
    Entrypoint: [...IDLE_COMMAND],
    Cmd: [],
    Healthcheck: { Test: ['NONE'] },
    ...(box.workingDir === undefined ? {} : { WorkingDir: box.workingDir }),
    HostConfig: {
      // A first process that reaps orphans and passes the stop signal on.
      Init: true,
      ...(box.network ? {} : { NetworkMode: 'none' }),
      ...(box.cpus === undefined ? {} : { NanoCpus: Math.round(box.cpus * 1e9) }),
      ...(box.memoryMib === undefined ? {} : { Memory: Math.round(box.memoryMib * BYTES_PER_MIB) }),
    },
  };
}

/** Each engine has containers of its own; which one is used was found out when the local cloud started. */
function missing(box: BoxSpec, place: string, cause: unknown): RuntimeError {
  if (box.place === undefined || box.place === place) {
    const message = `Container ${containerName(box)} of this box no longer exists; delete the box`;
    return new RuntimeError('gone', message, { cause });
  }
  const message =
    `The container engine at ${box.place}, which has this box, did not answer when the local cloud started; start ` +
    `that engine, end the local cloud (process ${process.pid}), and try again`;
  return new RuntimeError('unreachable', message, { cause });
}
