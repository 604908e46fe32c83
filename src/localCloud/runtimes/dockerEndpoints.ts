/** Where a Docker-compatible engine may listen on this computer, and how to connect to such a place. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type Docker from 'dockerode';
import * as v from 'valibot';
import { CodedError } from '../../base/errors';

/** What decides where engines are. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Numeric user id; absent on Windows. */
  readonly uid?: number | undefined;
}

export class EndpointError extends CodedError<'unsupported'> {}

const configSchema = v.object({ currentContext: v.optional(v.string()) });
const contextSchema = v.object({ Endpoints: v.object({ docker: v.object({ Host: v.string() }) }) });

/**
 * URLs to try, the most explicit first: `DOCKER_HOST`; the docker command's current context, which is how Colima,
 * OrbStack, Rancher Desktop and Docker Desktop for Linux make themselves known; the usual sockets of Docker;
 * those of Podman.
 */
export async function engineUrls(surroundings: Surroundings): Promise<string[]> {
  const { env } = surroundings;
  // An empty variable is as good as none, as for the docker command.
  const chosen = nonEmpty(env['DOCKER_HOST']) ?? (await contextUrl(surroundings));
  return [...new Set([...(chosen ? [chosen] : []), ...usualUrls(surroundings)])];
}

function usualUrls({ env, platform, home, uid }: Surroundings): string[] {
  if (platform === 'win32') {
    return ['npipe:////./pipe/docker_engine', 'npipe:////./pipe/podman-machine-default'];
  }
  const sockets =
    platform === 'darwin' ? macSockets(env['TMPDIR'], home) : linuxSockets(env['XDG_RUNTIME_DIR'], home, uid);
  return sockets.map((socket) => `unix://${socket}`);
}

function macSockets(temporary: string | undefined, home: string): string[] {
  return [
    '/var/run/docker.sock',
    path.posix.join(home, '.docker/run/docker.sock'),
    ...(temporary ? [path.posix.join(temporary, 'podman/podman-machine-default-api.sock')] : []),
    path.posix.join(home, '.local/share/containers/podman/machine/podman.sock'),
  ];
}

function linuxSockets(runtimeDir: string | undefined, home: string, uid: number | undefined): string[] {
  const runtime = nonEmpty(runtimeDir) ?? (uid ? `/run/user/${uid}` : undefined);
  return [
    '/var/run/docker.sock',
    ...(runtime ? [path.posix.join(runtime, 'docker.sock')] : []),
    path.posix.join(home, '.docker/desktop/docker.sock'),
    ...(runtime ? [path.posix.join(runtime, 'podman/podman.sock')] : []),
    '/run/podman/podman.sock',
  ];
}

/** The host of the docker command's current context; undefined for its default one, or if there is none. */
async function contextUrl({ env, home }: Surroundings): Promise<string | undefined> {
  const folder = nonEmpty(env['DOCKER_CONFIG']) ?? path.join(home, '.docker');
  const config = await readJson(path.join(folder, 'config.json'), configSchema);
  const name = nonEmpty(env['DOCKER_CONTEXT']) ?? config?.currentContext;
  if (!name || name === 'default') return undefined;
  // The docker command names a context's folder by the hash of the context's name.
  const id = createHash('sha256').update(name).digest('hex');
  const context = await readJson(path.join(folder, 'contexts', 'meta', id, 'meta.json'), contextSchema);
  return context?.Endpoints.docker.Host;
}

async function readJson<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  try {
    return v.parse(schema, JSON.parse(await fs.readFile(file, 'utf8')));
  } catch {
    // These files are another program's: without them, or with ones of another shape, the usual sockets remain.
    return undefined;
  }
}

/**
 * Options that make dockerode connect to exactly this URL: what it would take from `process.env` is overridden.
 * Rejects as `unsupported`, or with an errno if the TLS files of `DOCKER_CERT_PATH` cannot be read.
 */
export async function connectionOptions(
  url: string,
  { env, home }: Surroundings,
): Promise<Docker.DockerOptions> {
  const none = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined };
  const local = /^(?:unix|npipe):\/\/(.+)$/.exec(url)?.[1];
  if (local) return { ...none, socketPath: local, protocol: 'http' };
  const parsed = /^(?:tcp|https?):\/\//.test(url) && URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.hostname) {
    throw new EndpointError(
      'unsupported',
      `Cannot use ${withoutCredentials(url)}: not a unix, npipe or tcp URL`,
    );
  }
  if (!env['DOCKER_TLS_VERIFY'] && parsed.protocol !== 'https:') {
    return { ...none, host: parsed.hostname, port: parsed.port || 2375, protocol: 'http' };
  }
  const folder = nonEmpty(env['DOCKER_CERT_PATH']) ?? path.join(home, '.docker');
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((file) => fs.readFile(path.join(folder, file))),
  );
  return { host: parsed.hostname, port: parsed.port || 2376, protocol: 'https', ca, cert, key };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** The URL as it may appear in a log. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
