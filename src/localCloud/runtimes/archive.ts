/** Files of a box as tar, by the tar program of the box itself: its symbolic links then lead nowhere else. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { printable } from '../../base/errors';
import { NOT_FOUND } from '../../processes/hostProcess';
import { RuntimeError } from './errors';
import type { ExecSpec, BoxProcess } from './runtime';

/** Starts a command in the box at hand. */
export type ExecInBox = (spec: ExecSpec) => Promise<BoxProcess>;

const MAX_STDERR_BYTES = 4096;
/** Exit code of the scripts below for a path that is not there. */
const NO_SUCH_PATH = 3;

const UNPACK = 'mkdir -p -- "$1" && cd -- "$1" && exec tar -x -f -';
// Without that variable macOS' tar adds a file "._name" to each that has extended attributes.
const PACK = `COPYFILE_DISABLE=1 && export COPYFILE_DISABLE
[ -e "$1" ] || [ -L "$1" ] || exit ${NO_SUCH_PATH}
case $1 in
*/) name=. dir=$1 ;;
*/*) name=\${1##*/} dir=\${1%/*}/ ;;
*) name=$1 dir=. ;;
esac
cd -- "$dir" && exec tar -c -f - -- "./$name"`;

/** Unpacks a tar stream into a folder of the box, which is created if need be. */
export async function putArchive(exec: ExecInBox, path: string, tar: Readable): Promise<void> {
  const command = await exec({ argv: ['sh', '-c', UNPACK, 'put', path], env: {} });
  const message = collect(command.stderr);
  command.stdout.resume();
  try {
    await pipeline(tar, command.stdin);
  } catch (cause) {
    // tar that ended early says why on stderr; a client that went away must not leave it waiting.
    if (tar.errored) {
      command.kill();
      throw new RuntimeError('failed', `The upload to ${path} broke off`, { cause });
    }
  }
  const code = await command.exited;
  if (code !== 0) throw tarFailure(code, path, await message);
}

/** Packs a file or folder of the box. Rejects before the first byte if there is none. */
export async function getArchive(exec: ExecInBox, path: string): Promise<Readable> {
  const command = await exec({ argv: ['sh', '-c', PACK, 'get', path], env: {} });
  command.stdin.end();
  const message = collect(command.stderr);
  const { stdout } = command;
  await firstOutput(stdout);
  // An archive is never empty: no byte means that tar did not start.
  if (stdout.readableLength === 0) throw tarFailure(await command.exited, path, await message);
  stdout.once('close', () => command.kill());
  void command.exited.then((code) => {
    if (code !== 0 && !stdout.destroyed) stdout.destroy(tarFailure(code, path, ''));
  });
  return stdout;
}

/** Resolves at the first byte or at the end; a stream that ended already has the latter only. */
function firstOutput(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off('readable', settle).off('end', settle).off('error', reject);
      resolve();
    };
    stream.on('readable', settle).on('end', settle).on('error', reject);
  });
}

function tarFailure(code: number, path: string, message: string): RuntimeError {
  if (code === NO_SUCH_PATH) return new RuntimeError('no-such-path', `No such file or folder: ${path}`);
  if (code === NOT_FOUND)
    return new RuntimeError('unsupported', 'The box has no tar program; install one in it');
  const detail = message ? printable(message) : `tar ended with code ${code}`;
  return new RuntimeError('failed', `Cannot transfer ${path}: ${detail}`);
}

async function collect(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    if (text.length < MAX_STDERR_BYTES) text += String(chunk);
  }
  return text;
}
