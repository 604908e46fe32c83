import type { Logger } from '../base/logger';

/** Says one line to the person who started us. Stdout belongs to the command in the sandbox. */
export function say(line: string): void {
  process.stderr.write(`cloud-sandboxes: ${line}\n`);
}

/** Warnings and errors on stderr; everything with `$CLOUD_SANDBOXES_LOG` set to `debug`. */
export function startLog(env: NodeJS.ProcessEnv): Logger {
  const verbose = env['CLOUD_SANDBOXES_LOG'] === 'debug' ? say : (): void => undefined;
  return { debug: verbose, info: verbose, warn: say, error: say };
}
