/** The app server's API as a Hono app: what OpenHands serves below /api/v1, /api/keys and /oauth. */
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { ApiError, httpException, invalidQuery, MISSING_FIELD } from './apiErrors';
import type { Access } from './auth';
import type { DeviceFlow } from './deviceFlow';
import type { Conversation, Intercepted, OpenHandsOptions } from './options';
import { pageOf } from './paging';
import { RateLimit } from './rateLimit';
import type { RequestLog } from './requestLog';
import { SPECS, type StandInSandboxes } from './sandboxes';

const MAX_IDS = 100;

export interface AppServices {
  readonly options: OpenHandsOptions;
  readonly access: Access;
  readonly deviceFlow: DeviceFlow;
  readonly sandboxes: StandInSandboxes;
  readonly conversations: readonly Conversation[];
  /** Secrets of the user, by name: whoever has the session key of a running sandbox may read them. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly log: RequestLog;
  readonly url: () => string;
}

type App = Hono<{ Bindings: HttpBindings }>;

export function createAppServer(services: AppServices): App {
  const { options, access, log } = services;
  const limit = new RateLimit(options);
  const app: App = new Hono();
  app.use(async (c, next) => {
    const request = log.record(c.env.incoming, 'app');
    const intercepted = options.intercept?.(request);
    if (intercepted) return answerWith(intercepted);
    await limit.check(request.path);
    return next();
  });
  if (options.edition !== 'openSource') app.route('/oauth/device', services.deviceFlow.routes(services.url));
  app.route('/api/v1/sandboxes', secretRoutes(services));
  app.use('/api/*', async (c, next) => {
    const refusal = access.refusal((name) => c.req.header(name));
    if (refusal) throw refusal;
    await next();
  });
  if (options.edition !== 'openSource') app.get('/api/keys/current', (c) => c.json(access.describeKey()));
  app.get('/api/v1/users/me', (c) => c.json({ id: 'user-1', email: 'ann@example.org', llm_model: null }));
  app.route('/api/v1/sandboxes', sandboxRoutes(services));
  app.route('/api/v1/sandbox-specs', specRoutes());
  app.get('/api/v1/app-conversations/search', (c) => c.json(conversationPage(services, c)));
  app.notFound(() => errorResponse(httpException(404, 'Not Found')));
  app.onError((error) => errorResponse(error));
  return app;
}

function sandboxRoutes({ sandboxes }: AppServices): App {
  const routes: App = new Hono();
  routes.get('/search', (c) => {
    const page = pageOf(sandboxes.rows, (name) => c.req.query(name));
    return c.json({ ...page, items: page.items.map((sandbox) => sandbox.look()) });
  });
  routes.get('/', (c) => {
    const ids = idsOf(c);
    return c.json(ids.map((id) => sandboxes.find(id)?.look() ?? null));
  });
  routes.post('/', async (c) => c.json((await sandboxes.create(c.req.query('sandbox_spec_id'))).look()));
  routes.post('/:id/pause', async (c) => {
    await sandboxes.pause(c.req.param('id'));
    return c.json({ success: true });
  });
  routes.post('/:id/resume', async (c) => {
    await sandboxes.resume(c.req.param('id'));
    return c.json({ success: true });
  });
  routes.delete('/:id', async (c) => {
    await sandboxes.delete(c.req.query('sandbox_id'));
    return c.json({ success: true });
  });
  return routes;
}

/** For code inside a sandbox: the session key is what counts, and only while the sandbox runs. */
function secretRoutes({ sandboxes, secrets }: AppServices): App {
  const routes: App = new Hono();
  routes.use('/:id/settings/secrets/*', async (c, next) => {
    const key = sandboxes.find(c.req.param('id'))?.sessionApiKey;
    if (!key || c.req.header('x-session-api-key') !== key)
      throw httpException(401, 'Invalid session API key');
    await next();
  });
  routes.get('/:id/settings/secrets', (c) =>
    c.json({ secrets: [...secrets.keys()].map((name) => ({ name, description: null })) }),
  );
  routes.get('/:id/settings/secrets/:name', (c) => {
    const secret = secrets.get(c.req.param('name'));
    if (secret === undefined) throw httpException(404, 'Secret not found');
    return c.text(secret);
  });
  return routes;
}

function specRoutes(): App {
  const routes: App = new Hono();
  const specs = SPECS.map((id) => ({
    id,
    command: ['/usr/local/bin/openhands-agent-server', '--port', '60000'],
    created_at: '2026-10-01T00:00:00Z',
    initial_env: {},
    working_dir: '/workspace/project',
  }));
  routes.get('/search', (c) => c.json(pageOf(specs, (name) => c.req.query(name))));
  routes.get('/', (c) => c.json(idsOf(c).map((id) => specs.find((spec) => spec.id === id) ?? null)));
  return routes;
}

function conversationPage({ conversations, sandboxes }: AppServices, c: Context): object {
  const wanted = c.req.query('sandbox_id__eq');
  const found = conversations.filter(({ sandboxId }) => wanted === undefined || wanted === sandboxId);
  const page = pageOf(found, (name) => c.req.query(name));
  const items = page.items.map(({ id, title, sandboxId }) => {
    const sandbox = sandboxes.find(sandboxId);
    return {
      id,
      title,
      sandbox_id: sandboxId,
      sandbox_status: sandbox?.status ?? 'MISSING',
      execution_status: null,
      selected_repository: null,
      conversation_url: null,
      session_api_key: sandbox?.sessionApiKey ?? null,
    };
  });
  return { ...page, items };
}

function idsOf(c: Context): string[] {
  const ids = c.req.queries('id');
  if (!ids) throw invalidQuery('id', MISSING_FIELD);
  if (ids.length > MAX_IDS) throw httpException(400, `Too many ids: at most ${MAX_IDS}`);
  return ids;
}

/** Whatever is not a refusal is an error of the server's own, of which Starlette says nothing. */
function errorResponse(error: Error): Response {
  if (!(error instanceof ApiError)) return new Response('Internal Server Error', { status: 500 });
  return Response.json(error.body, { status: error.status, headers: error.headers });
}

function answerWith({ status, body, headers = {} }: Intercepted): Response {
  if (typeof body !== 'string') return Response.json(body, { status, headers });
  return new Response(body, { status, headers: { 'content-type': 'text/html', ...headers } });
}
