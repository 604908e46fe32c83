import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import { eventually } from './eventually';
import { endChild } from './sshHost';

/** The comment of the one key that {@link withSshAgent}'s agent has. */
export const AGENT_KEY = 'forwarded';

/** An ssh-agent on this computer with one key, for as long as `use` takes. `dir` has a short path. */
export async function withSshAgent<T>(dir: string, use: (socket: string) => Promise<T>): Promise<T> {
  const folder = path.join(dir, 'agent');
  mkdirSync(folder);
  const socket = path.join(folder, 's');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  try {
    const key = path.join(folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', AGENT_KEY, '-f', key]);
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    await eventually(() => void execFileSync('ssh-add', ['-q', key], { env, stdio: 'ignore' }));
    return await use(socket);
  } finally {
    await endChild(agent);
  }
}

/** ssh's options to forward an agent, past what the configuration says of it. */
export function agentOptions(socket: string): string[] {
  return ['-o', `IdentityAgent=${socket}`, '-A'];
}
