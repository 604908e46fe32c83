import { getRequestListener } from '@hono/node-server';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { listen, type TestServer } from '../../helpers/httpServer';
import { defaultAgentServer } from './agentServer';
import { createAppServer } from './appServer';
import { Access } from './auth';
import { DeviceFlow } from './deviceFlow';
import { Exposures } from './exposures';
import type { AgentServerKind, Conversation, OpenHandsOptions } from './options';
import { RequestLog } from './requestLog';
import type { StandInSandbox } from './sandbox';
import { StandInSandboxes } from './sandboxes';

/**
 * Stands in for OpenHands Cloud, and for OpenHands' open-source app server: their API with its quirks (see
 * OpenHandsOptions), and for each sandbox the real agent-server in namespaces of its own, behind an ingress. Needs
 * bubblewrap. Whoever starts it closes it.
 */
export class OpenHandsCloud {
  readonly requests = new RequestLog();
  readonly access: Access;
  /** A valid API key. */
  readonly apiKey = randomBytes(16).toString('base64url');
  readonly deviceFlow: DeviceFlow;
  readonly sandboxes: StandInSandboxes;
  readonly conversations: Conversation[] = [];
  readonly secrets = new Map<string, string>();
  readonly agentServer: AgentServerKind;
  readonly #dir = mkdtempSync(path.join(os.tmpdir(), 'oh-'));
  readonly #exposures: Exposures;
  #server: TestServer | undefined;

  private constructor(options: OpenHandsOptions) {
    this.agentServer = options.agentServer ?? defaultAgentServer();
    this.access = new Access(options);
    this.access.addKey(this.apiKey);
    this.deviceFlow = new DeviceFlow(options, this.access);
    this.#exposures = new Exposures(options, this.requests);
    this.sandboxes = new StandInSandboxes(options, {
      options,
      agentServer: this.agentServer,
      dir: this.#dir,
      expose: (sandbox) => this.#exposures.expose(sandbox),
    });
  }

  static async start(options: OpenHandsOptions = {}): Promise<OpenHandsCloud> {
    const cloud = new OpenHandsCloud(options);
    const { access, deviceFlow, sandboxes, conversations, secrets, requests: log } = cloud;
    const services = {
      options,
      access,
      deviceFlow,
      sandboxes,
      conversations,
      secrets,
      log,
      url: () => cloud.url,
    };
    const serve = getRequestListener(createAppServer(services).fetch);
    const server = createServer((request, response) => void serve(request, response));
    cloud.#server = await listen(server, options.address);
    return cloud;
  }

  /** Base URL of the app server. */
  get url(): string {
    return this.#server?.url ?? '';
  }

  /** The sandbox of an id that a client has seen. Throws when there is none. */
  sandbox(id: string): StandInSandbox {
    const sandbox = this.sandboxes.find(id);
    if (!sandbox) throw new Error(`there is no sandbox ${id}`);
    return sandbox;
  }

  /** Ends all sandboxes and removes what they have left. */
  async close(): Promise<void> {
    await this.#server?.close();
    await this.sandboxes.close();
    await this.#exposures.close();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
