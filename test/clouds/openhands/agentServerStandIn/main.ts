/**
 * Stands in for OpenHands' agent-server where that is not installed: what a client needs of its API to run commands
 * and to bring files, and nothing of agents. Usage: main.ts PORT, with the environment of the real one.
 */
import { serve } from '@hono/node-server';
import { bashRoutes } from './bashRoutes';
import { Commands } from './commands';
import { createApp, HttpError } from './errors';
import { EventStore } from './events';
import { fileRoutes } from './fileRoutes';

const startedAt = Date.now();
let usedAt = startedAt;
const {
  OH_SESSION_API_KEYS_0: key,
  OH_WEB_URL: webUrl,
  OH_BASH_EVENTS_DIR: eventsDir = 'bash_events',
} = process.env;
const prefix = webUrl === undefined ? '' : new URL(webUrl).pathname.replace(/\/$/, '');

/** Requests come with the path of the public URL, or without. */
function pathBelowPrefix({ url }: Request): string {
  const { pathname } = new URL(url);
  return pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname;
}

const events = new EventStore(eventsDir);
const app = createApp(pathBelowPrefix);
for (const path of ['/alive', '/health']) app.get(path, (c) => c.json({ status: 'ok' }));
app.get('/ready', (c) => c.json({ status: 'ready' }));
app.get('/server_info', (c) =>
  c.json({
    uptime: (Date.now() - startedAt) / 1_000,
    idle_time: (Date.now() - usedAt) / 1_000,
    title: 'OpenHands Agent Server',
    version: '1.57.0',
    usable_tools: [],
    capabilities: [],
  }),
);
app.use('/api/*', async (c, next) => {
  if (key !== undefined && c.req.header('x-session-api-key') !== key)
    throw new HttpError(401, 'Unauthorized');
  // A look at events is no use of the sandbox.
  if (c.req.method === 'POST' || !c.req.path.includes('/bash/')) usedAt = Date.now();
  await next();
});
app.route('/api/bash', bashRoutes(new Commands(events), events));
app.route('/api/file', fileRoutes());
app.get('/api/git/commits', (c) => c.json({ items: [], next_page_id: null }));

serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: '127.0.0.1' });
