import { PassThrough } from 'node:stream';
import { describeError, describeErrorChain } from '../../../base/errors';
import type { Logger } from '../../../base/logger';
import type { ExitStatus, RemoteProcess } from '../../../cloud/provider';
import type { RemoteFiles } from '../../../sftp/remoteFiles';
import { serveSftp } from '../../../sftp/server';

const EXIT_PROTOCOL_ERROR = 255;

/** Our SFTP server in the shape of one that runs in the sandbox. The files are the server's to close. */
export function createSftpProcess(files: RemoteFiles, log: Logger): RemoteProcess {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();

  const serve = async (): Promise<ExitStatus> => {
    try {
      await serveSftp({ files, input: stdin, output: stdout, log });
      return { code: 0 };
    } catch (error) {
      log.warn(`sftp ended: ${describeErrorChain(error)}`);
      stderr.write(`cloud-sandboxes: ${describeError(error)}\n`);
      return { code: EXIT_PROTOCOL_ERROR };
    } finally {
      files.close();
      stdin.destroy();
      stdout.end();
      stderr.end();
    }
  };
  const end = (): void => {
    files.close();
    stdin.destroy();
    stdout.destroy();
  };
  return {
    stdin,
    stdout,
    stderr,
    exited: serve(),
    resize: () => undefined,
    // What a server that runs in the sandbox would do: none of these has another meaning for it.
    signal: end,
    kill: end,
  };
}
