/**
 * Two clocks. `now` is the wall clock and only labels instants; `monotonicMs` never jumps and is the only one that
 * durations and due times are computed from.
 */
export interface Clock {
  /** Epoch ms, whole. */
  now(): number;
  /** Milliseconds since an arbitrary start, with fractions; never goes back. */
  monotonicMs(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
};
