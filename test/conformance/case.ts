import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import * as path from 'node:path';
import { sha256 } from '../helpers/remoteProcess';
import type { Backend } from '../../src/ssh/backend';
import type { Target } from './target';

export type BackendName = Backend['name'];

/** What a case has seen: anything that `assert.deepEqual` can compare. */
export type Result = Readonly<Record<string, unknown>>;

/**
 * One behaviour of an SSH server as the real clients see it. It runs against sshd and against our bridge; the two
 * results and what is left in `~/work` must be equal.
 */
export interface Case<R = Result> {
  readonly name: string;
  readonly run: (target: Target) => Promise<R>;
  /** What must hold for both, since both could be wrong in the same way. `effects`: see {@link Effects}. */
  readonly check: (result: R, effects: Effects) => void;
  /** The one part of the result that may differ. */
  readonly differs?: Difference;
  readonly impossible?: Impossible;
  /** Where a minute is not enough. */
  readonly timeoutMs?: number;
}

export interface Difference {
  /** A field of the result. */
  readonly what: string;
  readonly why: string;
}

/** Why some backends can never pass a case. What they cannot do must be refused properly. */
export interface Impossible {
  readonly backends: readonly BackendName[];
  readonly why: string;
  readonly isRefused: (target: Target) => Promise<void>;
}

/** A case whose `check` knows the type of what its `run` gives. */
export function define<R extends object>(definition: Case<R>): Case {
  return definition as Case;
}

/** What a case has seen of one server, and what it left there. */
export interface Seen {
  readonly result: Result;
  readonly effects: Effects;
}

export async function see({ run }: Case, target: Target): Promise<Seen> {
  return { result: await run(target), effects: snapshot(target.work) };
}

/** Compares what a case has seen of both. */
export function compare({ check, differs }: Case, sshd: Seen, bridge: Seen): void {
  labelled('sshd', () => check(sshd.result, sshd.effects));
  labelled('our bridge', () => check(bridge.result, bridge.effects));
  const ignored = differs && { [differs.what]: undefined };
  labelled('our bridge differs from sshd, whose result is the expected one', () => {
    assert.deepEqual({ ...bridge.result, ...ignored }, { ...sshd.result, ...ignored });
    assert.deepEqual(bridge.effects, sshd.effects);
  });
}

/** Says in the message of a failed assertion who has failed it. */
function labelled(who: string, assertion: () => void): void {
  try {
    assertion();
  } catch (error) {
    if (!(error instanceof assert.AssertionError)) throw error;
    const { actual, expected, operator } = error;
    throw new assert.AssertionError({ message: `${who}: ${error.message}`, actual, expected, operator });
  }
}

/** What is left in `~/work`: kind, mode and hash by path. */
export type Effects = Readonly<Record<string, string>>;

function snapshot(dir: string): Effects {
  const found: Record<string, string> = {};
  for (const name of (readdirSync(dir, { recursive: true }) as string[]).sort()) {
    const file = path.join(dir, name);
    const status = lstatSync(file);
    const mode = (status.mode & 0o7777).toString(8);
    if (status.isSymbolicLink()) found[name] = `link to ${readlinkSync(file)}`;
    else if (status.isFile()) found[name] = `${mode} ${sha256(readFileSync(file))}`;
    else found[name] = `${mode} ${status.isDirectory() ? 'folder' : 'special file'}`;
  }
  return found;
}
