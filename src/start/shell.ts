import { printable } from '../base/errors';
import type { Logger } from '../base/logger';
import { say } from '../base/stderrLog';
import type { LocalSandbox } from './localSandbox';
import { serveSandbox } from './serveSandbox';
import { runSsh } from './ssh';

export interface ShellOptions extends LocalSandbox {
  /** Where the bundles are. */
  readonly distDir: string;
  /** Private folder of this run. */
  readonly runDir: string;
  /** Line for the sandbox's shell; undefined for a login shell. */
  readonly command: string | undefined;
  readonly log: Logger;
}

/** Opens a sandbox through the real ssh; resolves with ssh's exit code. */
export async function openInShell({ command, ...options }: ShellOptions): Promise<number> {
  const served = await serveSandbox({ ...options, mayStart: true });
  try {
    if (command === undefined) {
      say(`a shell in sandbox ${printable(options.sandbox.name, 60)}; leave it with "exit"`);
    }
    return await runSsh({ configFile: served.configFile, alias: served.alias, command });
  } finally {
    served.dispose();
  }
}
