/** Which step helps after an error, apart from the editor's API. */
import { cloudErrorCode } from '../cloud/errors';
import { isLocal, type Account } from '../sandboxes/account';
import { isNotRunning } from '../sandboxes/localCloud';

/** The steps that an error itself suggests, in the order of their buttons. */
export type NextStepKind = 'signIn' | 'startLocalCloud' | 'retry' | 'showLog';

/** What the failed action was about. */
export interface ErrorSubject {
  /** The account whose cloud was asked. */
  readonly account?: Account;
  /** Does the failed action once more. */
  readonly retry?: () => unknown;
}

/** At most two besides the log: a notification has room for three buttons. */
export function nextSteps(error: unknown, { account, retry }: ErrorSubject = {}): readonly NextStepKind[] {
  const steps: NextStepKind[] = [];
  const isRefused = cloudErrorCode(error) === 'unauthenticated';
  if (isNotRunning(error) || (isRefused && account && isLocal(account))) steps.push('startLocalCloud');
  else if (isRefused && account) steps.push('signIn');
  else if (retry && mayPass(error)) steps.push('retry');
  return [...steps, 'showLog'];
}

/** Whether the same action may work the next time with nothing else done. */
function mayPass(error: unknown): boolean {
  switch (cloudErrorCode(error)) {
    case 'unauthenticated':
    case 'forbidden':
    case 'not-found':
    case 'unsupported':
    case 'invalid':
      return false;
    case 'conflict':
    case 'rate-limited':
    case 'unreachable':
    case 'protocol':
    case undefined:
      return true;
  }
}
