/**
 * What a window that is open in a sandbox knows of its link to it, as one state machine without effects. A connection
 * may find its way again by itself; else an editor starts a new one for each attempt, so the link outlives connections.
 * Nothing else tells of it.
 */
import type { ConnectionPhase, ConnectionState, EndReason } from '../broker/protocol';
import type { SandboxStatus } from '../cloud/provider';
import { measure, unmeasured, type Pace } from './pace';

/** How long an interruption is not shown: many connections are replaced at once. */
export const CALM_MS = 1_500;
/** More than the longest pause that editors make between two attempts (30 s). Then they have given up. */
export const LOST_AFTER_MS = 45_000;

type Link =
  /** No connection has been heard of. */
  | { readonly name: 'waiting' }
  /** A connection works. */
  | { readonly name: 'up'; readonly pace: Pace }
  /** None works, for too short a time to be shown. */
  | (Attempts & { readonly name: 'interrupted'; readonly pace: Pace; readonly since: number })
  /** One is being made. */
  | (Attempts & { readonly name: 'trying' })
  /** None is being made, but another attempt can be expected. */
  | (Attempts & { readonly name: 'pausing'; readonly since: number })
  /** None can be expected any more. */
  | (Attempts & { readonly name: 'lost' });

interface Attempts {
  /** Whether there was a connection before that worked. */
  readonly again: boolean;
  /** Since then: connections begun, or attempts of one that goes on. */
  readonly count: number;
  /** What the latest said. Untrusted text. */
  readonly detail?: string | undefined;
}

export interface LinkState {
  readonly link: Link;
  /** The connections that are open, by id. */
  readonly open: ReadonlyMap<string, ConnectionPhase>;
  /** Why attempts are in vain, until something shows that they are not. */
  readonly obstacle: EndReason | undefined;
  /** As the cloud said last; undefined if it was not asked. */
  readonly sandbox: SandboxStatus | undefined;
  /** As far as was known last. */
  readonly isSignedIn: boolean;
}

export const initialLink: LinkState = {
  link: { name: 'waiting' },
  open: new Map(),
  obstacle: undefined,
  sandbox: undefined,
  isSignedIn: true,
};

/** What happened. Times are in milliseconds, of any clock that only goes forward. */
export type LinkEvent =
  | { readonly kind: 'connection'; readonly report: ConnectionState; readonly at: number }
  | { readonly kind: 'time'; readonly at: number }
  | { readonly kind: 'sandbox'; readonly status: SandboxStatus | undefined }
  /** Undefined: what was known before goes on. */
  | { readonly kind: 'account'; readonly isSignedIn: boolean | undefined };

/** The state after an event. */
export function advance(state: LinkState, event: LinkEvent): LinkState {
  switch (event.kind) {
    case 'connection':
      return afterReport(state, event.report, event.at);
    case 'time':
      return { ...state, link: afterTime(state, event.at) };
    case 'sandbox': {
      const { status } = event;
      const isAlive = status !== state.sandbox && (status === 'running' || status === 'starting');
      const obstacle = isAlive && state.obstacle !== 'signed-out' ? undefined : state.obstacle;
      return { ...state, sandbox: status, obstacle };
    }
    case 'account': {
      const { isSignedIn = state.isSignedIn } = event;
      const healed = isSignedIn && !state.isSignedIn && state.obstacle === 'signed-out';
      return { ...state, isSignedIn, obstacle: healed ? undefined : state.obstacle };
    }
  }
}

/** When time alone changes the state; undefined if it does not. */
export function deadlineOf({ link }: LinkState): number | undefined {
  if (link.name === 'interrupted') return link.since + CALM_MS;
  return link.name === 'pausing' ? link.since + LOST_AFTER_MS : undefined;
}

function afterReport(state: LinkState, report: ConnectionState, at: number): LinkState {
  const { connectionId, phase, reason } = report;
  const open = new Map(state.open);
  if (phase === 'closed') open.delete(connectionId);
  else open.set(connectionId, phase);
  if ([...open.values()].includes('connected')) {
    const pace = phase === 'connected' ? measure(paceOf(state.link), report.roundTripMs) : paceOf(state.link);
    return { ...state, open, link: { name: 'up', pace }, obstacle: undefined };
  }
  // One that failed at once is heard of only by its end: no more than its latest state is kept on the way.
  const isNew = !state.open.has(connectionId);
  const link = withoutConnection(state.link, report, { at, isNew, isTrying: open.size > 0 });
  return { ...state, open, link, obstacle: phase === 'closed' ? reason : state.obstacle };
}

interface Occasion {
  readonly at: number;
  /** Whether the connection had not been heard of. */
  readonly isNew: boolean;
  /** Whether any connection is being made. */
  readonly isTrying: boolean;
}

function withoutConnection(link: Link, report: ConnectionState, { at, isNew, isTrying }: Occasion): Link {
  const known = attemptsOf(link);
  // A connection may also find its way again by itself.
  const count = Math.max(known.count + (isNew ? 1 : 0), report.attempt ?? 0);
  const attempts = { ...known, count, detail: report.detail ?? known.detail };
  if (link.name === 'up') return { ...attempts, name: 'interrupted', pace: link.pace, since: at };
  if (link.name === 'interrupted') return { ...link, ...attempts };
  if (isTrying) return { ...attempts, name: 'trying' };
  const since = link.name === 'pausing' && !isNew ? link.since : at;
  return { ...attempts, name: 'pausing', since };
}

function afterTime({ link, open }: LinkState, at: number): Link {
  if (link.name === 'interrupted' && at - link.since >= CALM_MS) {
    const { again, count, detail, since } = link;
    return open.size > 0
      ? { name: 'trying', again, count, detail }
      : { name: 'pausing', again, count, detail, since };
  }
  if (link.name === 'pausing' && at - link.since >= LOST_AFTER_MS) {
    const { again, count, detail } = link;
    return { name: 'lost', again, count, detail };
  }
  return link;
}

function attemptsOf(link: Link): Attempts {
  switch (link.name) {
    case 'waiting':
      return { again: false, count: 0 };
    case 'up':
      return { again: true, count: 0 };
    case 'interrupted':
    case 'trying':
    case 'pausing':
    case 'lost': {
      const { again, count, detail } = link;
      return { again, count, detail };
    }
  }
}

function paceOf(link: Link): Pace {
  return link.name === 'up' || link.name === 'interrupted' ? link.pace : unmeasured;
}

/** What to tell people. */
export type LinkStatus =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'connecting'; readonly detail?: string | undefined }
  | { readonly kind: 'connected'; readonly roundTripMs?: number | undefined }
  | { readonly kind: 'slow'; readonly roundTripMs: number }
  | { readonly kind: 'reconnecting'; readonly attempt: number; readonly detail?: string | undefined }
  | { readonly kind: 'lost'; readonly detail?: string | undefined }
  | { readonly kind: EndReason };

export function statusOf(state: LinkState): LinkStatus {
  const { link } = state;
  if (link.name === 'up' || link.name === 'interrupted') return speedStatus(link.pace);
  const obstacle = obstacleOf(state);
  if (obstacle) return { kind: obstacle };
  switch (link.name) {
    case 'waiting':
      return { kind: 'waiting' };
    case 'lost':
      return { kind: 'lost', detail: link.detail };
    case 'trying':
    case 'pausing': {
      const { again, count, detail } = link;
      return again
        ? { kind: 'reconnecting', attempt: Math.max(1, count), detail }
        : { kind: 'connecting', detail };
    }
  }
}

function speedStatus({ shownMs, isSlow }: Pace): LinkStatus {
  return isSlow && shownMs !== undefined
    ? { kind: 'slow', roundTripMs: shownMs }
    : { kind: 'connected', roundTripMs: shownMs };
}

function obstacleOf({ isSignedIn, link, obstacle, sandbox }: LinkState): EndReason | undefined {
  if (!isSignedIn) return 'signed-out';
  if (obstacle) return obstacle;
  // A connection that is being made may start it, and tells if it must not.
  if (link.name === 'trying') return undefined;
  return sandbox === 'stopped' || sandbox === 'paused' ? 'stopped' : undefined;
}
