import { getSystemErrorMap } from 'node:util';
import { describeError, errnoOf } from '../../base/errors';
import { FileError, type FileErrorCode } from '../../sftp/remoteFiles';

/** As OpenSSH's server tells them apart. */
const CODES: Readonly<Record<string, FileErrorCode>> = {
  ENOENT: 'no-such-file',
  ENOTDIR: 'no-such-file',
  ELOOP: 'no-such-file',
  EPERM: 'permission-denied',
  EACCES: 'permission-denied',
  EROFS: 'permission-denied',
  ENOSYS: 'unsupported',
  EOPNOTSUPP: 'unsupported',
  ENOTSUP: 'unsupported',
  // What Node says of a name with a NUL in it.
  ERR_INVALID_ARG_VALUE: 'no-such-file',
};

const texts = new Map([...getSystemErrorMap().values()]);

/** Does file work; a system's error becomes a {@link FileError} in its words. */
export async function asFileError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    const errno = errnoOf(cause) ?? '';
    // Node's own message holds the path, which the client knows.
    throw new FileError(CODES[errno] ?? 'failure', texts.get(errno) ?? describeError(cause), { cause });
  }
}
