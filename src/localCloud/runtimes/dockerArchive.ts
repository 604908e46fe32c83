/** Files of a box as tar, by the engine itself: the box needs no tar program. */
import * as path from 'node:path';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { printable } from '../../base/errors';
import { asReadable, type Engine } from './dockerEngine';
import { engineError, hasStatus } from './dockerErrors';
import { askInBox } from './dockerExec';
import { makeFolderCommand } from './dockerScripts';
import { RuntimeError } from './errors';

/** Unpacks a tar stream into a folder of a container, which is created if need be. */
export async function putArchive(
  engine: Engine,
  container: string,
  folder: string,
  tar: Readable,
): Promise<void> {
  const aborter = new AbortController();
  const body = new PassThrough();
  // The modem would wait for ever for a stream that is cut off.
  pipeline(tar, body, (error) => {
    if (error) aborter.abort(error);
  });
  try {
    const target = await absolutePath(engine, container, folder);
    if (!(await exists(engine, container, target))) {
      const answer = await askInBox(engine, container, { Cmd: makeFolderCommand(target) });
      if (answer !== 'made')
        throw new RuntimeError('failed', `Cannot transfer ${printable(folder)}: ${printable(answer)}`);
    }
    const options = { path: target, abortSignal: aborter.signal };
    await engine.streams.getContainer(container).putArchive(body, options);
  } catch (error) {
    if (aborter.signal.aborted) {
      throw new RuntimeError('failed', `The upload to ${printable(folder)} broke off`, { cause: error });
    }
    // The engine may have refused without reading it all.
    body.destroy();
    throw archiveError('write', folder, error);
  }
}

/** Packs a file or folder of a container; with a slash at the end of the path, what is in the folder. */
export async function getArchive(engine: Engine, container: string, file: string): Promise<Readable> {
  try {
    const source = await absolutePath(engine, container, file);
    // For the engine it is "/." that stands for a folder's content.
    const asked = source.endsWith('/') ? `${source}.` : source;
    return asReadable(await engine.streams.getContainer(container).getArchive({ path: asked }));
  } catch (error) {
    throw archiveError('read', file, error);
  }
}

/** The engine takes a relative path from the root; a command in the box, from its working folder. */
async function absolutePath(engine: Engine, container: string, file: string): Promise<string> {
  if (file.startsWith('/')) return file;
  const { Config: config } = await engine.control.getContainer(container).inspect();
  return path.posix.join(config.WorkingDir || '/', file);
}

async function exists(engine: Engine, container: string, file: string): Promise<boolean> {
  try {
    const answer: unknown = await engine.control.getContainer(container).infoArchive({ path: file });
    asReadable(answer).resume();
    return true;
  } catch (error) {
    if (hasStatus(error, 404)) return false;
    throw error;
  }
}

function archiveError(verb: string, file: string, cause: unknown): RuntimeError {
  if (!hasStatus(cause, 404)) return engineError(`${verb} ${printable(file)} in the box`, cause);
  return new RuntimeError('no-such-path', `No such file or folder in the box: ${printable(file)}`, { cause });
}
