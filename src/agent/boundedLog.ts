import * as fs from 'node:fs';
import { printable } from '../base/errors';
import type { Logger } from '../base/logger';

const MAX_LOG_BYTES = 256 * 1024;

/** A log file (0600) that begins anew once it is full. What cannot be logged is lost: work goes on. */
export function openBoundedLog(file: string, maxBytes = MAX_LOG_BYTES): Logger {
  const write = (level: string) => (message: string) => {
    const line = `${new Date().toISOString()} ${level}: ${printable(message)}\n`;
    try {
      const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      fs.writeFileSync(file, line, { mode: 0o600, flag: size + line.length > maxBytes ? 'w' : 'a' });
    } catch {
      // A full disk, or a folder that was removed.
    }
  };
  return { debug: () => undefined, info: write('info'), warn: write('warning'), error: write('error') };
}
