/** The Box API over HTTP (BoxLite, openapi/box.openapi.yaml). Attaching is not here: see upgrade.ts. */
import { randomBytes } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { ApiError } from './apiError';
import { toApiError } from './apiFailure';
import type { Boxes } from './boxes';
import { boxRoutes } from './boxRoutes';
import { executionRoutes } from './executionRoutes';
import { MAX_RUNNING, type Executions } from './executions';
import { fileRoutes } from './fileRoutes';
import { checkAccess, checkOrigin } from './guard';
import { DEFAULT_AUTO_STOP_SECONDS } from './newBox';
import type { Runtime } from './runtimes/runtime';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** What the routes work on. */
export interface Services {
  readonly boxes: Boxes;
  readonly executions: Executions;
  readonly runtime: Runtime;
  readonly token: string;
  readonly log: Logger;
  /** Called for each request of an authorized client that does more than to look who is there. */
  readonly onUse: () => void;
  /** True once the server stops its boxes and takes no more work. */
  readonly isEnding: () => boolean;
}

export interface AppEnv {
  Bindings: HttpBindings;
  Variables: { requestId: string };
}

export function createApp(services: Services): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    const requestId = requestIdOf(c.req.header('x-request-id'));
    c.set('requestId', requestId);
    c.header('x-request-id', requestId);
    checkOrigin(c.env.incoming);
    await next();
  });
  app.get('/v1/config', (c) => c.json(config(services)));
  app.use('/v1/*', async (c, next) => {
    checkAccess(c.env.incoming, services);
    await next();
  });
  app.get('/v1/me', (c) => c.json(principal()));
  app.route('/v1/boxes', fileRoutes(services));
  app.use('/v1/*', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }));
  app.route('/v1/boxes', boxRoutes(services));
  app.route('/v1/boxes', executionRoutes(services));
  app.notFound((c) => fail(c, new ApiError('not_found', `There is no ${c.req.method} ${c.req.path}`)));
  app.onError((error, c) => {
    const refusal = toApiError(error);
    if (refusal.status >= 500)
      services.log.error(`${c.req.method} ${c.req.path}: ${describeErrorChain(error)}`);
    return fail(c, refusal);
  });
  return app;
}

/** The client's own request id if it is fit for a header and a log, else a new one. */
export function requestIdOf(given: string | undefined): string {
  return given && /^[\w.-]{1,128}$/.test(given) ? given : `req_${randomBytes(10).toString('hex')}`;
}

function fail(c: Context<AppEnv>, error: ApiError): Response {
  return c.json(error.toBody(c.get('requestId')), error.status);
}

function tooLarge(): never {
  throw new ApiError('payload_too_large', `The request body is larger than ${MAX_BODY_BYTES} bytes`);
}

/** The ServerConfig schema, with what this server does better added under `capabilities`. */
function config({ runtime }: Services): object {
  return {
    defaults: { auto_stop: DEFAULT_AUTO_STOP_SECONDS, auto_delete: 0 },
    overrides: {},
    capabilities: {
      tty_enabled: true,
      streaming_enabled: true,
      snapshots_enabled: false,
      clone_enabled: false,
      export_enabled: false,
      import_enabled: false,
      linux_capabilities_enabled: false,
      max_concurrent_executions: MAX_RUNNING,
      idempotency_key_lifetime: 'P1Y',
      // Output of commands arrives byte for byte; BoxLite's servers decode it as UTF-8.
      binary_output: true,
      // The other runtimes use the programs of this computer, and as much of it as they can get.
      images_enabled: runtime.name === 'docker',
      resource_limits_enabled: runtime.name === 'docker',
    },
    runtime: runtime.name,
  };
}

function principal(): object {
  return {
    sub: 'local',
    principal_type: 'user',
    display_name: 'This computer',
    path_prefix: null,
    scopes: ['box:read', 'box:write', 'box:exec', 'box:delete', 'me:read'],
    expires_at: null,
  };
}
