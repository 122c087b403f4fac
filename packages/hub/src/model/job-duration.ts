/** How long runs of a job take, learned from those that succeeded, and where a run begins to be slow. */

/** What was learned from succeeded runs. Seconds. */
export interface LearnedDurations {
  /** How many runs it was learned from. */
  readonly runs: number;
  readonly typicalSeconds: number;
  readonly p95Seconds: number;
}

/** Runs it is learned from: the last so many, of those that are kept at all. */
export const mostLearnedRuns = 100;
/** Fewer say too little. */
export const leastLearnedRuns = 5;

/** A run may take so many times what 95 in 100 take, and at the least so many seconds more, before it is slow. */
const slowFactor = 1.5;
const leastSlowSeconds = 5;

/**
 * Learns from the durations (seconds, in any order) of succeeded runs; null from too few. Both figures are durations that
 * occurred. Of few runs the longest one is never the 95th percentile: one that hung does not make the next one that
 * hangs look usual.
 */
export function learnDurations(seconds: readonly number[]): LearnedDurations | null {
  if (seconds.length < leastLearnedRuns) return null;
  const sorted = seconds.toSorted((a, b) => a - b);
  const at = (ratio: number): number => sorted[Math.floor(ratio * (sorted.length - 1))] ?? 0;
  return { runs: sorted.length, typicalSeconds: at(0.5), p95Seconds: at(0.95) };
}

/** After how many seconds a run is slow by what was learned; null while nothing was. */
export function learnedLimit(learned: LearnedDurations | null): number | null {
  if (learned === null) return null;
  const { p95Seconds } = learned;
  return Math.max(p95Seconds * slowFactor, p95Seconds + leastSlowSeconds);
}
