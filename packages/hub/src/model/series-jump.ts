/**
 * Whether a figure jumped: it left the band in which it had been for hours. The band is drawn by the median and the
 * median distance from it, which a few outliers do not move; a figure that never moves has a band of the least change that
 * is worth telling.
 */

/** One value of a figure; `at` is epoch ms. */
export interface FigureAt {
  readonly at: number;
  readonly value: number;
}

export interface Jump {
  /** When it was outside of its band first, epoch ms. */
  readonly at: number;
  /** The usual value before, and the one farthest from it. */
  readonly before: number;
  readonly after: number;
  /** How often the width of the band it is away. */
  readonly score: number;
}

/** Fewer values before say nothing about what is usual. */
export const leastBefore = 6;
/** Of normally distributed values one in a hundred million is this many median distances away. */
const distances = 8.5;

/**
 * Looks for a jump among `recent`, held against `before`; null: there is none, or too little is known. Both ascend.
 * `least` is the least change that counts, in the figure's unit.
 */
export function findJump(
  before: readonly FigureAt[],
  recent: readonly FigureAt[],
  least: number,
): Jump | null {
  if (before.length < leastBefore) return null;
  const usual = median(before.map(({ value }) => value));
  const spread = median(before.map(({ value }) => Math.abs(value - usual)));
  const width = Math.max(distances * spread, least);
  const outside = recent.filter(({ value }) => Math.abs(value - usual) >= width);
  const [first] = outside;
  if (first === undefined) return null;
  const farthest = outside.reduce((one, other) =>
    Math.abs(other.value - usual) > Math.abs(one.value - usual) ? other : one,
  );
  const score = Math.abs(farthest.value - usual) / width;
  return { at: first.at, before: usual, after: farthest.value, score };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
