/** How fast a connection is, steady enough to look at. */
export interface Pace {
  /** Round-trip time to show, in milliseconds. */
  readonly shownMs?: number;
  readonly isSlow: boolean;
  /** The latest measurement: a connection repeats it until it has another. */
  readonly measuredMs?: number;
  /** How many measurements in a row contradict {@link isSlow}. */
  readonly doubts: number;
}

/** From here on people notice each key that they type. */
const SLOW_MS = 250;
/** Less than {@link SLOW_MS}, so that a connection on the edge does not change back and forth. */
const FAST_MS = 180;
/** One measurement is an accident. */
const ENOUGH_DOUBTS = 2;
/** A smaller change is not worth the movement on the screen. */
const NOTABLE_CHANGE = 0.2;
const NOTABLE_CHANGE_MS = 3;

export const unmeasured: Pace = { isSlow: false, doubts: 0 };

/** The pace after another report of the round-trip time. */
export function measure(pace: Pace, ms: number | undefined): Pace {
  if (ms === undefined || ms === pace.measuredMs) return pace;
  const contradicts = pace.isSlow ? ms < FAST_MS : ms >= SLOW_MS;
  const doubts = contradicts ? pace.doubts + 1 : 0;
  const turns = doubts >= ENOUGH_DOUBTS;
  return {
    shownMs: isNotable(pace.shownMs, ms) || turns ? ms : (pace.shownMs ?? ms),
    measuredMs: ms,
    isSlow: turns ? !pace.isSlow : pace.isSlow,
    doubts: turns ? 0 : doubts,
  };
}

function isNotable(shownMs: number | undefined, ms: number): boolean {
  if (shownMs === undefined) return true;
  return Math.abs(ms - shownMs) > Math.max(shownMs * NOTABLE_CHANGE, NOTABLE_CHANGE_MS);
}
