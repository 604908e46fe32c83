import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { Hono } from 'hono';
import { ApiError } from './apiError';
import type { AppEnv, Services } from './app';

/** Files of boxes as tar streams; their size is bounded by the box's disk only. */
export function fileRoutes({ boxes, runtime }: Services): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.put('/:box/files', async (c) => {
    const path = pathOf(c.req.query('path'));
    if (c.req.query('overwrite') === 'false') {
      throw new ApiError('unsupported', 'Uploads always overwrite; leave overwrite out');
    }
    const box = await boxes.use(c.req.param('box'));
    await runtime.putArchive(
      box,
      path,
      uploadOf(c.env.incoming, () => boxes.touch(box.id)),
    );
    boxes.touch(box.id);
    return c.body(null, 204);
  });

  routes.get('/:box/files', async (c) => {
    const path = pathOf(c.req.query('path'));
    const box = await boxes.use(c.req.param('box'));
    const archive = await runtime.getArchive(box, path);
    const body = Readable.toWeb(archive) as ReadableStream<Uint8Array>;
    // It may take longer than a box may be idle.
    archive.on('data', () => boxes.touch(box.id));
    return c.body(body, 200, {
      'content-type': 'application/x-tar',
    });
  });

  return routes;
}

/**
 * What a client uploads. A reader that gives it up destroys this stream, not the connection by which the client is
 * still to be told why.
 */
function uploadOf(incoming: IncomingMessage, onData: () => void): Readable {
  const upload = new PassThrough();
  incoming.on('data', onData).once('error', (error) => upload.destroy(error));
  return incoming.pipe(upload);
}

function pathOf(given: string | undefined): string {
  if (given && !given.includes('\0')) return given;
  throw new ApiError('invalid_argument', 'path: is required');
}
