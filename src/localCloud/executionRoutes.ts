import { Hono } from 'hono';
import type { AppEnv, Services } from './app';
import { jsonBody } from './boxRoutes';
import type { ExecutionOptions } from './executions';
import { checkSignal, schemas, validate, type ExecRequest } from './requests';
import type { ExecSpec } from './runtimes/runtime';

/** Size of a terminal until the client sends its own. */
const DEFAULT_TERMINAL = { columns: 80, rows: 24 };

/** Commands in boxes. */
export function executionRoutes({ boxes, executions, runtime }: Services): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.post('/:box/exec', async (c) => {
    const request = validate(schemas.exec, await jsonBody(c));
    const id = boxes.resolve(c.req.param('box'));
    const execution = await executions.start(id, toOptions(request), async () =>
      runtime.exec(await boxes.use(id), toExecSpec(request)),
    );
    if (typeof request.stdin === 'string') execution.process.stdin.end(request.stdin);
    const location = `/v1/boxes/${id}/executions/${execution.id}`;
    return c.json({ execution_id: execution.id }, 201, { location });
  });

  const find = (box: string, id: string) => executions.get(boxes.resolve(box), id);

  routes.get('/:box/executions/:id', (c) => c.json(find(c.req.param('box'), c.req.param('id')).toView()));

  routes.delete('/:box/executions/:id', (c) => {
    executions.evict(boxes.resolve(c.req.param('box')), c.req.param('id'));
    return c.body(null, 204);
  });

  routes.post('/:box/executions/:id/signal', async (c) => {
    const { signal } = validate(schemas.signal, await jsonBody(c));
    const execution = find(c.req.param('box'), c.req.param('id'));
    checkSignal(signal);
    execution.signal(signal);
    return c.body(null, 204);
  });

  routes.post('/:box/executions/:id/resize', async (c) => {
    const { cols, rows } = validate(schemas.resize, await jsonBody(c));
    find(c.req.param('box'), c.req.param('id')).resize(cols, rows);
    return c.body(null, 204);
  });

  return routes;
}

function toOptions(request: ExecRequest): ExecutionOptions {
  return {
    terminal: request.tty === true,
    ...(typeof request.timeout_seconds === 'number' && { timeoutMs: request.timeout_seconds * 1000 }),
  };
}

function toExecSpec(request: ExecRequest): ExecSpec {
  return {
    argv: [request.command, ...(request.args ?? [])],
    env: request.env ?? {},
    ...(request.working_dir && { workingDir: request.working_dir }),
    ...(request.tty === true && { terminal: DEFAULT_TERMINAL }),
  };
}
