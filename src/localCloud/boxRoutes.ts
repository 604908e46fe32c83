import { Hono, type Context } from 'hono';
import { ApiError } from './apiError';
import type { AppEnv, Services } from './app';
import { schemas, validate } from './requests';

/** Life of boxes. */
export function boxRoutes({ boxes, executions }: Services): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.post('/', async (c) => {
    const request = validate(schemas.createBox, await jsonBody(c));
    const idempotencyKey = idempotencyKeyOf(c);
    const { signal } = c.req.raw;
    const box = await boxes.create({
      request,
      signal,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
    return c.json(box, 201, { location: `/v1/boxes/${box.box_id}` });
  });

  routes.get('/', (c) => c.json(boxes.list(validate(schemas.listQuery, c.req.query()))));

  // HEAD requests come here too; the API answers them without a body, and says so by 204.
  routes.get('/:box', (c) => {
    const box = boxes.get(c.req.param('box'));
    return c.req.raw.method === 'HEAD' ? c.body(null, 204) : c.json(box);
  });

  routes.delete('/:box', async (c) => {
    const id = boxes.resolve(c.req.param('box'));
    await boxes.remove(id, isTrue(c.req.query('force')));
    executions.forgetBox(id);
    return c.body(null, 204);
  });

  routes.post('/:box/start', async (c) => c.json(await boxes.start(c.req.param('box'))));

  routes.post('/:box/stop', async (c) => {
    validate(schemas.stopBox, await jsonBody(c, {}));
    return c.json(await boxes.stop(c.req.param('box')));
  });

  return routes;
}

/** The request's JSON. An empty body is `whenEmpty` if given, and refused otherwise. */
export async function jsonBody(c: Context<AppEnv>, whenEmpty?: object): Promise<unknown> {
  const text = await c.req.text();
  if (text.trim() === '' && whenEmpty) return whenEmpty;
  const body = parseJson(text);
  // An array would pass for an object that has no field.
  if (!Array.isArray(body)) return body;
  throw new ApiError('invalid_argument', 'The request body must be a JSON object');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError('invalid_argument', 'The request body must be JSON', { cause });
  }
}

function idempotencyKeyOf(c: Context<AppEnv>): string | undefined {
  const key = c.req.header('idempotency-key');
  if (key !== undefined && !/^[\w-]{1,128}$/.test(key)) {
    throw new ApiError('invalid_argument', 'Idempotency-Key must be a UUID');
  }
  return key;
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1';
}
