import * as v from 'valibot';
import type { Logger } from '../../base/logger';
import { cloudErrorCode, type CloudErrorCode } from '../errors';
import { HttpClient, type HttpContent } from '../http';
import { Origin } from '../origin';
import type { NetworkSettings, ScriptResult } from '../provider';
import { parseAnswer } from '../validate';
import { runScript } from './scripts';

const HEALTH_TIMEOUT_MS = 5_000;
const UPLOAD_TIMEOUT_MS = 120_000;

export interface AgentServerAddress {
  readonly baseUrl: string;
  /** Secret; none where the server lets everybody in. */
  readonly sessionKey?: string;
  readonly network?: NetworkSettings;
}

/**
 * The answer to an upload of servers that take the file's path for a part of the route, as those before March 2026
 * (file_router.py of openhands-agent-server 1.5): Starlette leads to a route that lacks no more than a slash.
 */
const PARTIAL_ROUTE = 307;

/** Of no command: the answer is as short as can be, and to ask does not count as use of the sandbox. */
const NO_COMMAND = '00000000-0000-0000-0000-000000000000';

/** What is said of a route that a server does not have, or that a gateway keeps from us. */
const noSuchRoute: ReadonlySet<CloudErrorCode | undefined> = new Set([
  'unsupported',
  'forbidden',
  'protocol',
]);

const eventsSchema = v.object({ items: v.array(v.unknown()) });
const sshStatusSchema = v.object({
  running: v.nullish(v.boolean()),
  port: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
});

/**
 * OpenHands' server inside a sandbox, at one address with one key (openhands-agent-server of
 * OpenHands/software-agent-sdk). Gets the session key and never the cloud's.
 */
export class AgentServer {
  readonly #origin: Origin;
  readonly #http: HttpClient;

  constructor({ baseUrl, sessionKey, network }: AgentServerAddress, log: Logger) {
    this.#origin = new Origin({
      baseUrl,
      log,
      ...(sessionKey ? { headers: { 'x-session-api-key': sessionKey }, secrets: [sessionKey] } : {}),
      ...(network ? { network } : {}),
    });
    this.#http = new HttpClient(this.#origin, refineError);
  }

  /** Rejects as `unreachable` while the server does not answer. */
  async health(signal?: AbortSignal): Promise<void> {
    const timeoutMs = HEALTH_TIMEOUT_MS;
    await this.#http.request({
      what: 'reach the sandbox',
      method: 'GET',
      path: '/health',
      timeoutMs,
      signal,
    });
  }

  /** Rejects as `unauthenticated` unless the session key is right. */
  async authenticate(signal?: AbortSignal): Promise<void> {
    const query = { command_id__eq: NO_COMMAND, limit: '1' };
    const path = '/api/bash/bash_events/search';
    const { body } = await this.#http.request({ what: 'sign in', method: 'GET', path, query, signal });
    parseAnswer(eventsSchema, body, 'list of commands');
  }

  run(script: string, signal?: AbortSignal): Promise<ScriptResult> {
    return runScript(this.#http, script, signal);
  }

  async upload(path: string, bytes: Buffer, signal?: AbortSignal): Promise<void> {
    const route = '/api/file/upload';
    const request = {
      what: 'upload a file',
      method: 'POST',
      content: await multipartFile(bytes),
      timeoutMs: UPLOAD_TIMEOUT_MS,
      signal,
    } as const;
    const accepts = (status: number): boolean => status === PARTIAL_ROUTE;
    const { status } = await this.#http.request({ ...request, path: route, query: { path }, accepts });
    if (status !== PARTIAL_ROUTE) return;
    // With a bare slash at its beginning, some gateways would make one of the two.
    await this.#http.request({ ...request, path: `${route}/${encodeURIComponent(path)}` });
  }

  /**
   * Resets the server's idle time, which the cloud looks at. Of all that does, a look into the history of a folder
   * leaves nothing behind; whether there is a repository does not matter.
   */
  async noteUse(signal?: AbortSignal): Promise<void> {
    const look = async (path: string, query: Readonly<Record<string, string>>): Promise<void> => {
      await this.#http.request({ what: 'keep the sandbox awake', method: 'GET', path, query, signal });
    };
    try {
      await look('/api/git/commits', { path: '/workspace', limit: '1' });
    } catch (error) {
      // Older servers have the other route only.
      if (cloudErrorCode(error) === 'unsupported') await look('/api/git/changes', { path: '/workspace' });
      else if (cloudErrorCode(error) !== 'invalid') throw error;
    }
  }

  /** The port of the sandbox's own SSH server, if one runs; most agent-servers cannot tell. */
  async sshPort(signal?: AbortSignal): Promise<number | undefined> {
    try {
      const request = { what: 'look for an SSH server', method: 'GET', path: '/ssh_status', signal } as const;
      const { body } = await this.#http.request(request);
      const { running, port } = parseAnswer(sshStatusSchema, body, 'state of its SSH server');
      return running ? (port ?? undefined) : undefined;
    } catch (error) {
      if (noSuchRoute.has(cloudErrorCode(error))) return undefined;
      throw error;
    }
  }

  dispose(): void {
    this.#origin.route.dispose();
  }
}

/** A 404 in JSON is the server's, which lacks the route; any other one is a gateway's, which does not find the server. */
function refineError(status: number, body: unknown): CloudErrorCode | undefined {
  if (status !== 404) return undefined;
  return typeof body === 'object' ? 'unsupported' : 'unreachable';
}

async function multipartFile(bytes: Buffer): Promise<HttpContent> {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(bytes)]), 'file');
  const encoded = new Response(form);
  const type = encoded.headers.get('content-type') ?? 'multipart/form-data';
  return { type, bytes: new Uint8Array(await encoded.arrayBuffer()) };
}
