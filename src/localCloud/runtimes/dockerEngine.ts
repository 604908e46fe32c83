import { Readable } from 'node:stream';
import Docker from 'dockerode';
import { connectionOptions, type Surroundings, withoutCredentials } from './dockerEndpoints';

const PROBE_TIMEOUT_MS = 2_000;
/** Creating a container copies its image where the storage driver has no copy-on-write. */
const CONTROL_TIMEOUT_MS = 120_000;

/** A Docker-compatible engine that answered. Holds pooled sockets only; nothing to dispose of. */
export interface Engine {
  /** Where it listens, fit for a log. */
  readonly url: string;
  /** What it calls itself, such as "Docker Engine 27.1". */
  readonly title: string;
  /** For calls with a short answer: each fails when the engine is silent for {@link CONTROL_TIMEOUT_MS}. */
  readonly control: Docker;
  /** For byte streams, which may be silent for as long as they like. */
  readonly streams: Docker;
}

/**
 * Connects and asks who is there; rejects if nobody answers within {@link PROBE_TIMEOUT_MS} or it runs no Linux
 * containers. Only an answer counts: a stopped engine leaves its socket file behind.
 */
export async function connectEngine(url: string, surroundings: Surroundings): Promise<Engine> {
  const options = await connectionOptions(url, surroundings);
  const probe = new Docker({ ...options, timeout: PROBE_TIMEOUT_MS });
  await probe.ping();
  const version = await probe.version();
  // Docker Desktop on Windows can be switched to Windows containers, where nothing of ours runs.
  if (version.Os !== 'linux') throw new Error(`It runs ${version.Os} containers, not Linux ones`);
  return {
    url: withoutCredentials(url),
    title: `${version.Components[0]?.Name ?? 'Engine'} ${version.Version}`,
    control: new Docker({ ...options, timeout: CONTROL_TIMEOUT_MS }),
    streams: new Docker({ ...options, timeout: undefined }),
  };
}

/** An answer's body: dockerode types it as less than the http.IncomingMessage that it is. */
export function asReadable(answer: unknown): Readable {
  if (answer instanceof Readable) return answer;
  throw new TypeError('The container engine answered with something that is not a stream');
}
