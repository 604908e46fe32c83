import { printable } from '../../base/errors';
import { cloudErrorCode } from '../../cloud/errors';
import type { CloudClient, ExitStatus, RemoteProcess } from '../../cloud/provider';
import { BridgeError } from '../backend';

/** How long a process's end may be held to find out whether its sandbox ended with it. */
const ASK_MS = 3000;
/** What container engines say of a process that SIGKILL ended: 128 + 9. */
const EXIT_KILLED = 137;

export interface LossOptions {
  readonly client: CloudClient;
  readonly sandbox: { readonly id: string; readonly name: string };
  /** Told at once of an end that may be the sandbox's, before anyone has asked. */
  readonly onDoubt?: () => void;
}

/**
 * A process whose sandbox is stopped or deleted looks like one that somebody killed. Tells the two apart: in the
 * result, `exited` rejects as `lost` if the process went with its sandbox.
 */
export function explainLoss(process: RemoteProcess, options: LossOptions): RemoteProcess {
  let isEndedByUs = false;
  const explain = async (status: ExitStatus): Promise<ExitStatus> => {
    if (isEndedByUs || !looksKilled(status)) return status;
    options.onDoubt?.();
    const loss = await findLoss(options);
    if (loss) throw loss;
    return status;
  };
  const fail = (error: unknown): never => {
    if (!isEndedByUs) options.onDoubt?.();
    throw error;
  };
  const exited = process.exited.then(explain, fail);
  // Whoever looks at `exited` gets the reason; nobody must.
  exited.catch(() => undefined);
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    exited,
    resize: (size) => process.resize(size),
    signal: (name) => process.signal(name),
    kill: () => {
      isEndedByUs = true;
      process.kill();
    },
  };
}

/** The error for a sandbox that the cloud does not know. */
export function deletedSandbox(name: string, cause: unknown): BridgeError {
  return new BridgeError(
    'lost',
    `Sandbox ${printable(name, 60)} was deleted; refresh the list in the Cloud Sandboxes view`,
    { cause },
  );
}

function looksKilled(status: ExitStatus): boolean {
  return 'signal' in status || status.code === EXIT_KILLED;
}

/** Undefined if the sandbox runs, and if nobody can tell. */
async function findLoss({ client, sandbox }: LossOptions): Promise<BridgeError | undefined> {
  try {
    const status = await client.status(sandbox.id, AbortSignal.timeout(ASK_MS));
    if (status !== 'stopping' && status !== 'stopped' && status !== 'paused' && status !== 'failed') {
      return undefined;
    }
    const name = printable(sandbox.name, 60);
    return new BridgeError('lost', `Sandbox ${name} is ${status}; what ran in it has ended`);
  } catch (cause) {
    return cloudErrorCode(cause) === 'not-found' ? deletedSandbox(sandbox.name, cause) : undefined;
  }
}
