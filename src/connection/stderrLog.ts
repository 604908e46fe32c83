import type { Logger } from '../base/logger';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Says one line to the person at the terminal. */
export function say(line: string): void {
  process.stderr.write(`cloud-sandboxes: ${line}\n`);
}

/**
 * Logs to stderr from the level that `$CLOUD_SANDBOXES_LOG` names (debug, info, warn, error); silent without it,
 * because some clients of ours never read stderr and a full pipe would stop us.
 */
export function createStderrLog(env: NodeJS.ProcessEnv): Logger {
  const threshold = LEVELS.findIndex((level) => level === env['CLOUD_SANDBOXES_LOG']);
  const at = (level: number) => (message: string) => {
    if (threshold >= 0 && level >= threshold) say(`[${LEVELS[level] ?? ''}] ${message}`);
  };
  return { debug: at(0), info: at(1), warn: at(2), error: at(3) };
}
