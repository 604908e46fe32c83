/** What the kernel counts for processes: proc(5). */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, the unit of times in /proc: 100 on every architecture that Node runs on (time(7)). */
const TICKS_PER_SECOND = 100;

/** The processes below these, without them. */
export function descendantsOf(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const pid of allPids()) {
    const parent = Number(stat(pid)?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  const queue = [...roots];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    const below = children.get(pid) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

/** Processes with that name whose command line contains the text. */
export function findProcesses(name: string, text: string): number[] {
  return allPids().filter((pid) => nameOf(pid) === name && commandLineOf(pid).includes(text));
}

/** Arguments with spaces between them. */
export function commandLineOf(pid: number): string {
  return read(pid, 'cmdline').replaceAll('\0', ' ');
}

export function nameOf(pid: number): string {
  return read(pid, 'comm').trim();
}

/** Seconds of processor time, also those of children that have ended. */
export function cpuSeconds(pids: readonly number[]): number {
  // utime, stime, cutime, cstime
  const ticks = pids.flatMap((pid) => stat(pid)?.slice(11, 15).map(Number) ?? []);
  return sum(ticks) / TICKS_PER_SECOND;
}

/** Memory that is resident now, or was at its peak, in megabytes. Pages that processes share count for each. */
export function residentMegabytes(pids: readonly number[], when: 'now' | 'peak'): number {
  const field = when === 'now' ? /^VmRSS:\s+(\d+) kB/m : /^VmHWM:\s+(\d+) kB/m;
  const kibibytes = pids.map((pid) => Number(field.exec(read(pid, 'status'))?.[1] ?? 0));
  return (sum(kibibytes) * 1024) / 1e6;
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The fields of /proc/PID/stat from the state on: the name before it may hold anything. */
function stat(pid: number): string[] | undefined {
  const text = read(pid, 'stat');
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Empty for a process that has ended. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
