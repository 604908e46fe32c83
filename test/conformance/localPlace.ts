import * as path from 'node:path';
import { SandboxOverSsh } from '../helpers/sandboxOverSsh';
import type { BackendName } from './case';
import { byBridge, bySshd, type Place } from './target';

/**
 * A bubblewrap sandbox of a local cloud of its own: this computer's /usr as the root, an /etc, a /tmp and a home of its
 * own, the user root in /root with bash, this computer's network. In one of two such sandboxes sshd runs, with the
 * privileges that any command has there; in the other nothing. So home, PATH, shell, rights and programs are equal;
 * what the cloud adds to the environment of a command (LANG) sshd does not.
 */
async function openSandbox(backend: 'exec' | 'agent'): Promise<Place<SandboxOverSsh>> {
  const host = await SandboxOverSsh.open({ runtime: 'bubblewrap', backend });
  const { dir, sandbox } = host;
  return {
    host,
    dir,
    home: path.join(dir, 'cloud', 'boxes', sandbox.id, 'home'),
    close: () => host.close(),
  };
}

/** A sandbox with a real sshd. */
export async function openSshd(): Promise<Place> {
  return bySshd(await openSandbox('exec'));
}

/** A sandbox with our bridge before it, by one of its backends. */
export async function openBridge(backend: BackendName): Promise<Place> {
  return backend === 'sshd' ? byBridge(await bySshd(await openSandbox('exec'))) : openSandbox(backend);
}
