import { describeErrorChain } from '../../../base/errors';
import type { Logger } from '../../../base/logger';
import type { RemoteProcess } from '../../../cloud/provider';
import { hangUp } from '../../hangUp';
import { probeSandbox } from '../probe';
import { canServeFiles } from '../shellFiles/script';
import { createSftpProcess } from '../shellFiles/sftpProcess';
import { ShellFiles } from '../shellFiles/shellFiles';

export type OpenSftp = (signal: AbortSignal) => Promise<RemoteProcess>;

type Run = (argv: readonly string[], signal: AbortSignal) => Promise<RemoteProcess>;

/**
 * Finds out how files are served: by the server's own subsystem, as is usual; else by an SFTP server program; else by
 * ours over a shell. Undefined if there is no way.
 */
export async function findSftp(
  subsystem: OpenSftp,
  run: Run,
  log: Logger,
  signal: AbortSignal,
): Promise<OpenSftp | undefined> {
  try {
    const trial = await subsystem(signal);
    trial.stdout.resume();
    trial.stderr.resume();
    void hangUp(trial);
    return subsystem;
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`the SSH server has no subsystem for files: ${describeErrorChain(error)}`);
  }
  const { sftpServer, tools } = await probeSandbox(({ argv }, limit) => run(argv, limit), signal);
  if (sftpServer !== undefined) return (limit) => run([sftpServer], limit);
  if (!canServeFiles(tools)) return undefined;
  return async (limit) => {
    const files = await ShellFiles.open((argv) => run(['env', 'LC_ALL=C', ...argv], limit));
    return createSftpProcess(files, log);
  };
}
