import { once } from 'node:events';
import type { ClientChannel } from 'ssh2';
import { createDeferred } from '../../../base/async';
import type { ExitStatus, RemoteProcess, SignalName } from '../../../cloud/provider';
import { BridgeError } from '../../backend';
import { sendSignal, sendWindowChange } from '../../ssh2Internals';

/** How long the server may take to tell of a process's end after SIGKILL. Some refuse to send a signal at all. */
const KILL_MS = 1000;

/** The program of a `session` channel. To be called before anything can have come on the channel. */
export function createSessionProcess(channel: ClientChannel): RemoteProcess {
  const { stderr } = channel;
  const exited = createDeferred<ExitStatus>();
  let status: ExitStatus | undefined;
  let killing: NodeJS.Timeout | undefined;
  channel.once('exit', (code: number | null, signal?: string) => {
    status = code === null ? { signal: signalNameOf(signal) } : { code };
  });
  const settle = (): void => {
    clearTimeout(killing);
    if (status) exited.resolve(status);
    else if (killing) exited.resolve({ signal: 'KILL' });
    else exited.reject(new BridgeError('lost', 'The SSH server in the sandbox has gone away'));
  };
  // `exited` has the reason.
  for (const stream of [channel, stderr]) stream.on('error', () => undefined);
  void Promise.all([once(channel, 'close'), once(stderr, 'end')]).then(settle);
  return {
    stdin: channel,
    stdout: channel,
    stderr,
    exited: exited.promise,
    resize: (size) => sendWindowChange(channel, size),
    signal: (name) => sendSignal(channel, name),
    kill: () => {
      if (killing) return;
      sendSignal(channel, 'KILL');
      killing = setTimeout(() => {
        channel.close();
        settle();
      }, KILL_MS);
      channel.resume();
      stderr.resume();
    },
  };
}

/** From "SIGTERM" as ssh2 has it; for one that has no name in RFC 4254, OpenSSH says "SIG@openssh.com". */
function signalNameOf(signal = ''): SignalName {
  const name = signal.replace(/^SIG/, '');
  return (/^[A-Z0-9]{1,16}$/.test(name) ? name : 'KILL') as SignalName;
}
