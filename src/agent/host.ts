import { accessSync, constants, statSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { AgentFacts } from '../agentProtocol/operations';
import type { Logger } from '../base/logger';
import { PipeFactory } from '../processes/pipes';
import { chooseTerminals } from './terminals/choose';
import type { TerminalMaker } from './terminals/terminal';

const SHELLS = ['/bin/bash', '/bin/ash', '/bin/sh'];

/** The user of this sandbox and what their programs are made with; shared by all sessions. */
export interface Host {
  readonly user: string;
  /** An absolute path of a folder that is there. */
  readonly home: string;
  /** An absolute path. */
  readonly shell: string;
  readonly env: NodeJS.ProcessEnv;
  readonly pipes: PipeFactory;
  readonly terminals: Promise<TerminalMaker>;
  readonly log: Logger;
}

export interface HostOptions {
  readonly env: NodeJS.ProcessEnv;
  /** For named pipes, where the system needs such: a folder of the agent's own. */
  readonly pipesDir: string;
  readonly log: Logger;
}

/** Finds out about the sandbox; terminals are tried out meanwhile. */
export function createHost({ env, pipesDir, log }: HostOptions): Host {
  const { username, homedir, shell } = userInfo(env);
  return {
    user: username,
    home: [env['HOME'], homedir].find(isFolder) ?? '/',
    shell: [env['SHELL'], shell, ...SHELLS].find(isUsableShell) ?? '/bin/sh',
    env,
    pipes: new PipeFactory(pipesDir, log),
    terminals: chooseTerminals(env, log),
    log,
  };
}

export async function factsOf(host: Host, version: string): Promise<AgentFacts> {
  const { user, home, shell } = host;
  const { name } = await host.terminals;
  return { version, pid: process.pid, user, home, shell, terminals: name };
}

/** A user without an entry in the password database is usual in containers. */
function userInfo(env: NodeJS.ProcessEnv): {
  readonly username: string;
  readonly homedir: string | undefined;
  readonly shell: string | null | undefined;
} {
  try {
    return os.userInfo();
  } catch {
    const username = env['USER'] ?? String(process.getuid?.() ?? '');
    return { username, homedir: undefined, shell: undefined };
  }
}

function isFolder(place: string | undefined): place is string {
  if (!place || !path.isAbsolute(place)) return false;
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Accounts that are not for people have `nologin` or `false`, which end at once. */
function isUsableShell(shell: string | null | undefined): shell is string {
  if (!shell || !path.isAbsolute(shell) || /\/(nologin|false)$/.test(shell)) return false;
  try {
    accessSync(shell, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
