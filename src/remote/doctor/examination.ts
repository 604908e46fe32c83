import { abortable } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { CodedError, describeErrorChain } from '../../base/errors';
import type { CheckName, Finding } from './findings';

/** One thing to look at. */
export interface Check {
  readonly name: CheckName;
  /** Checks without whose success this one says nothing new. */
  readonly needs?: readonly CheckName[];
  /** What it rejects with is a problem whose message is shown. */
  run(signal: AbortSignal): Promise<Finding>;
}

/** What checks are about. */
export interface Section {
  readonly subject: 'computer' | 'cloud' | 'sandbox';
  /** Of the cloud or sandbox. Untrusted text. */
  readonly title?: string;
  readonly checks: readonly Check[];
}

export interface ExaminedSection extends Omit<Section, 'checks'> {
  readonly findings: readonly ExaminedCheck[];
}

export interface ExaminedCheck {
  readonly name: CheckName;
  readonly finding: Finding;
}

export interface ExamineOptions {
  readonly signal: AbortSignal;
  /** Called before each check. */
  readonly onCheck?: (name: CheckName) => void;
  /** How long one check may take, in milliseconds. */
  readonly limitMs?: number;
}

const DEFAULT_LIMIT_MS = 30_000;

class CheckError extends CodedError<'too-long'> {}

/** Runs checks one after the other. Never rejects: after a cancellation the rest is reported as cancelled. */
export async function examine(
  sections: readonly Section[],
  options: ExamineOptions,
): Promise<ExaminedSection[]> {
  // Of checks with one name, which clouds have, the latest counts: what needs it follows it.
  const latest = new Map<CheckName, Finding>();
  const examined: ExaminedSection[] = [];
  for (const { checks, ...section } of sections) {
    const findings: ExaminedCheck[] = [];
    for (const check of checks) {
      const finding = await findingOf(check, latest, options);
      latest.set(check.name, finding);
      findings.push({ name: check.name, finding });
    }
    examined.push({ ...section, findings });
  }
  return examined;
}

async function findingOf(
  check: Check,
  latest: ReadonlyMap<CheckName, Finding>,
  options: ExamineOptions,
): Promise<Finding> {
  if (options.signal.aborted) return { outcome: 'skipped', result: 'cancelled', values: {} };
  const missing = check.needs?.find((name) => isInTheWay(latest.get(name)));
  if (missing) {
    const finding = latest.get(missing);
    // What the missing one needs itself is where to begin.
    const root = finding?.result === 'needsFirst' ? finding.values.check : missing;
    return { outcome: 'skipped', result: 'needsFirst', values: { check: root } };
  }
  options.onCheck?.(check.name);
  return runCheck(check, options);
}

function isInTheWay(finding: Finding | undefined): boolean {
  if (finding?.outcome === 'skipped')
    return finding.result === 'needsFirst' || finding.result === 'cancelled';
  return finding?.outcome === 'failed';
}

async function runCheck(check: Check, options: ExamineOptions): Promise<Finding> {
  const limitMs = options.limitMs ?? DEFAULT_LIMIT_MS;
  const tooLong = (): Error => new CheckError('too-long', `There was no result in ${limitMs / 1000} s`);
  const deadline = createDeadline(limitMs, tooLong, options.signal);
  try {
    return await abortable(check.run(deadline.signal), deadline.signal);
  } catch (error) {
    if (options.signal.aborted) return { outcome: 'skipped', result: 'cancelled', values: {} };
    return { outcome: 'failed', result: 'problem', values: { message: describeErrorChain(error) } };
  } finally {
    deadline.dispose();
  }
}
