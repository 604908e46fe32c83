/** Runs what `npm start` runs, with a home of its own, and ends the local cloud that it leaves behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { isAlive } from '../../src/base/processes';
import { eventually } from './eventually';
import { readAll } from './remoteProcess';
import { withoutWaits } from './waits';

export interface StartOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class NpmStart {
  readonly dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
  readonly home = path.join(this.dir, 'home');
  readonly env: NodeJS.ProcessEnv = {
    ...process.env,
    CLOUD_SANDBOXES_HOME: this.home,
    XDG_RUNTIME_DIR: this.dir,
    DISPLAY: undefined,
    WAYLAND_DISPLAY: undefined,
  };

  /** Starts it in a process group of its own. */
  spawn(words: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn(process.execPath, [path.resolve('scripts/start.mjs'), ...words], {
      cwd: this.dir,
      env: { ...this.env, ...env },
      detached: true,
    });
  }

  async run(
    words: readonly string[],
    options: { input?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<StartOutcome> {
    const child = this.spawn(words, options.env);
    child.stdin!.end(options.input ?? '');
    const [stdout, stderr, [code]] = await Promise.all([
      readAll(child.stdout!),
      readAll(child.stderr!),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    return { code, stdout: stdout.toString(), stderr: withoutWaits(stderr.toString()) };
  }

  async close(): Promise<void> {
    const record = path.join(this.home, 'local-cloud', 'server.json');
    if (existsSync(record)) {
      const { pid } = JSON.parse(readFileSync(record, 'utf8')) as { pid: number };
      process.kill(pid, 'SIGTERM');
      await eventually(() => {
        if (isAlive(pid)) throw new Error(`The local cloud, process ${pid}, goes on`);
      }, 15_000);
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One home for all tests of the suite it is called in. */
export function useNpmStart(): { readonly current: NpmStart } {
  let start: NpmStart | undefined;
  before(() => {
    start = new NpmStart();
  });
  after(() => start?.close());
  return {
    get current() {
      if (!start) throw new Error('Only in tests');
      return start;
    },
  };
}
