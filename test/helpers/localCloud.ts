import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { BoxApi } from './boxApi';

/** Program and first arguments that run the local cloud from its source. */
export const localCloudCommand: readonly [string, ...string[]] = [
  process.execPath,
  '--import',
  // By its full name: a server may run in any folder.
  pathToFileURL(createRequire(path.resolve('package.json')).resolve('tsx')).href,
  path.resolve('src/localCloud/main.ts'),
];

export interface ServerOptions {
  /** Default: {@link localCloudCommand}. */
  readonly command?: readonly string[];
  readonly stateDir: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Run by this program with these arguments, such as setpriv. */
  readonly wrapper?: readonly string[];
}

/** A local cloud in a process of its own. Its owner stops it. */
export class LocalCloudServer {
  private constructor(
    readonly process: ChildProcess,
    readonly api: BoxApi,
    readonly ready: { readonly url: string; readonly tokenFile: string; readonly runtime: string },
  ) {}

  static async start(options: ServerOptions): Promise<LocalCloudServer> {
    const child = spawnServer(options);
    const [line] = (await Promise.race([
      once(createInterface(child.stdout!), 'line'),
      once(child, 'exit').then(([code]) =>
        Promise.reject(new Error(`The server ended with ${String(code)}`)),
      ),
    ])) as [string];
    const ready = JSON.parse(line) as LocalCloudServer['ready'];
    return new LocalCloudServer(
      child,
      new BoxApi(ready.url, readFileSync(ready.tokenFile, 'utf8').trim()),
      ready,
    );
  }

  /** Ends it and waits until it is gone; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return this.process.exitCode;
    const exited = once(this.process, 'exit');
    this.process.kill(signal);
    return (await exited)[0] as number | null;
  }
}

/** Runs the program to its end. */
export async function runLocalCloud(
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [command, ...first] = localCloudCommand;
  const child = spawn(command, [...first, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: env ?? process.env,
  });
  const [stdout, stderr, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code: exit[0] as number | null, stdout, stderr };
}

function spawnServer(options: ServerOptions): ChildProcess {
  const { command = localCloudCommand, stateDir, args = [], env, wrapper = [] } = options;
  const [program, ...rest] = [...wrapper, ...command, 'serve', '--state', stateDir, ...args];
  const stderr = process.env['DEBUG_LOCAL_CLOUD'] ? 'inherit' : 'ignore';
  return spawn(program!, rest, { stdio: ['ignore', 'pipe', stderr], env: env ?? process.env });
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}
