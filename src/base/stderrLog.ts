import { printable } from './errors';
import type { Logger } from './logger';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

/** Says one line to the person at the terminal. What a cloud said in it cannot forge another line or a colour. */
export function say(line: string): void {
  process.stderr.write(`cloud-sandboxes: ${printable(line)}\n`);
}

/**
 * Logs to stderr from the level that `$CLOUD_SANDBOXES_LOG` names (debug, info, warn, error), else from
 * `defaultLevel`; silent without either.
 */
export function createStderrLog(env: NodeJS.ProcessEnv, defaultLevel?: Level): Logger {
  const asked = LEVELS.find((level) => level === env['CLOUD_SANDBOXES_LOG']) ?? defaultLevel;
  const threshold = asked === undefined ? LEVELS.length : LEVELS.indexOf(asked);
  const at = (level: Level) => (message: string) => {
    if (LEVELS.indexOf(level) >= threshold)
      say(level === 'warn' || level === 'error' ? message : `[${level}] ${message}`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
