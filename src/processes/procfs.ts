/** The process table of Linux, read from /proc. Elsewhere it is empty. */
import * as fs from 'node:fs';
import { errnoOf } from '../base/errors';

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/**
 * Every live process. Zombies are left out: an init that reaps late keeps them for seconds, and to `kill(pid, 0)`
 * they look alive.
 */
export function listProcesses(): ProcessInfo[] {
  return pids().flatMap((pid) => {
    const info = readStat(pid);
    return info ? [info] : [];
  });
}

/** Live processes whose initial environment has the entry `NAME=value`; only those that this user may inspect. */
export function findByEnvironment(entry: string): number[] {
  const needle = Buffer.from(`\0${entry}\0`);
  return pids().filter((pid) => {
    const environ = readProc(pid, 'environ');
    if (!environ || environ.length === 0) return false;
    return (
      Buffer.concat([Buffer.of(0), environ, Buffer.of(0)]).includes(needle) && readStat(pid) !== undefined
    );
  });
}

/** Live processes of these sessions. */
export function findBySession(leaders: ReadonlySet<number>): number[] {
  return listProcesses()
    .filter(({ session }) => leaders.has(session))
    .map(({ pid }) => pid);
}

function pids(): number[] {
  if (process.platform !== 'linux') return [];
  return fs.readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** See proc_pid_stat(5): the program's name is in parentheses and may contain any byte, so fields count from the last. */
function readStat(pid: number): ProcessInfo | undefined {
  const stat = readProc(pid, 'stat')?.toString('latin1');
  if (stat === undefined) return undefined;
  const [state, parent, group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, parent: Number(parent), group: Number(group), session: Number(session) };
}

function readProc(pid: number, file: string): Buffer | undefined {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`);
  } catch (error) {
    // Gone meanwhile, or another user's.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Sends a signal; a process that is gone already is what the caller wanted. */
export function sendSignal(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH' && errnoOf(error) !== 'EPERM') throw error;
  }
}

/** Live processes in the process namespace of `member`, itself included, by their numbers on the host. */
export function listNamespace(member: number): number[] {
  const namespace = namespaceOf(member);
  if (namespace === undefined) return [];
  return pids().filter((pid) => namespaceOf(pid) === namespace && readStat(pid) !== undefined);
}

function namespaceOf(pid: number): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // Gone meanwhile, or another user's.
    return undefined;
  }
}
