import { Hono, type Context } from 'hono';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { errnoOf } from '../../../../src/base/errors';
import { HttpError, invalid } from './errors';

export function fileRoutes(): Hono {
  const routes = new Hono();
  routes.post('/upload', async (c) => {
    const { file } = await c.req.parseBody();
    const target = pathOf(c);
    if (!(file instanceof File)) {
      throw invalid({ type: 'missing', loc: ['body', 'file'], msg: 'Field required', input: null });
    }
    write(target, Buffer.from(await file.arrayBuffer()));
    return c.json({ success: true, file_size: file.size });
  });
  routes.get('/download', (c) => {
    const target = pathOf(c);
    if (!existsSync(target)) throw new HttpError(404, 'File not found');
    if (!statSync(target).isFile()) throw new HttpError(400, 'Path is not a file');
    return c.body(readFileSync(target), 200, { 'content-type': 'application/octet-stream' });
  });
  routes.post('/create_directory', (c) => {
    const target = pathOf(c);
    if (existsSync(target) && !statSync(target).isDirectory()) {
      throw new HttpError(400, 'Path exists and is not a directory');
    }
    mkdirSync(target, { recursive: true });
    return c.json({ success: true });
  });
  return routes;
}

function pathOf(c: Context): string {
  const given = c.req.query('path');
  if (given === undefined) {
    throw invalid({ type: 'missing', loc: ['query', 'path'], msg: 'Field required', input: null });
  }
  if (!path.isAbsolute(given)) throw new HttpError(400, 'Path must be absolute');
  return given;
}

/** Makes parents; the mode of the file is what the umask leaves. */
function write(target: string, content: Buffer): void {
  try {
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  } catch (error) {
    if (errnoOf(error) === 'EISDIR') throw new HttpError(400, 'Path is a directory');
    if (errnoOf(error) === 'ENOTDIR' || errnoOf(error) === 'EEXIST') {
      throw new HttpError(400, 'A parent of the path is not a directory');
    }
    throw error;
  }
}
