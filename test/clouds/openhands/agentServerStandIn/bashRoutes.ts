import { Hono, type Context } from 'hono';
import * as v from 'valibot';
import type { Commands } from './commands';
import { HttpError, invalid } from './errors';
import type { EventStore } from './events';

const MAX_LIMIT = 100;
const DEFAULT_TIMEOUT_SECONDS = 300;

const request = v.object({
  command: v.string(),
  cwd: v.optional(v.nullable(v.string()), null),
  timeout: v.optional(v.pipe(v.number(), v.integer()), DEFAULT_TIMEOUT_SECONDS),
});

export function bashRoutes(commands: Commands, events: EventStore): Hono {
  const routes = new Hono();
  routes.post('/start_bash_command', async (c) => c.json(commands.start(await requestOf(c)).command));
  routes.post('/execute_bash_command', async (c) => {
    const { command, ended } = commands.start(await requestOf(c));
    await ended;
    return c.json(events.joinedOutput(command.id));
  });
  routes.post('/bash_commands/:id/stop', async (c) => {
    const id = c.req.param('id').replaceAll('-', '');
    if (!(await commands.stop(id)) && !events.get(id)) throw new HttpError(404, 'Not Found');
    return c.json({ success: true });
  });
  routes.get('/bash_events/search', (c) => c.json(search(events, c)));
  routes.get('/bash_events/:id', (c) => {
    const event = events.get(c.req.param('id'));
    if (!event) throw new HttpError(404, 'Not Found');
    return c.json(event);
  });
  return routes;
}

async function requestOf(c: Context): Promise<v.InferOutput<typeof request>> {
  const body: unknown = await c.req.json();
  const { success, output, issues } = v.safeParse(request, body);
  if (success) return output;
  const [issue] = issues;
  const loc = ['body', ...(v.getDotPath(issue)?.split('.') ?? [])];
  if (issue.received === 'undefined')
    throw invalid({ type: 'missing', loc, msg: 'Field required', input: body });
  const type = `${issue.expected ?? ''}_type`;
  throw invalid({ type, loc, msg: `Input should be a valid ${issue.expected ?? ''}`, input: issue.input });
}

function search(events: EventStore, c: Context): object {
  const order = c.req.query('order__gt');
  return events.search({
    kind: c.req.query('kind__eq'),
    commandId: c.req.query('command_id__eq')?.replaceAll('-', ''),
    orderAbove: order === undefined ? undefined : Number(order),
    newestFirst: c.req.query('sort_order') === 'TIMESTAMP_DESC',
    pageId: c.req.query('page_id'),
    limit: limitOf(c.req.query('limit')),
  });
}

function limitOf(text: string | undefined): number {
  const limit = Number(text ?? MAX_LIMIT);
  const field = { loc: ['query', 'limit'], input: text };
  if (limit < 1) {
    throw invalid({ ...field, type: 'greater_than', msg: 'Input should be greater than 0', ctx: { gt: 0 } });
  }
  if (limit > MAX_LIMIT) {
    const msg = `Input should be less than or equal to ${MAX_LIMIT}`;
    throw invalid({ ...field, type: 'less_than_equal', msg, ctx: { le: MAX_LIMIT } });
  }
  return limit;
}
