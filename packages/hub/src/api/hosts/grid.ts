/**
 * Buckets of several series on one grid, and rates of counters from buckets. Pure.
 *
 * The rate of a counter in a bucket is how much it grew since the bucket before, by the time between the two. A counter
 * that began anew is seen by its last value being less than the one before, or less than the greatest of its bucket; it
 * then grew up to that greatest value and from 0 to its last one.
 */
import type { SeriesBuckets, TimeRange } from "../../model/series.ts";

/** Buckets `[from + i × stepMs, from + (i + 1) × stepMs)`; times are epoch ms. */
export interface Grid {
  readonly from: number;
  readonly stepMs: number;
  readonly length: number;
}

/** A float as JSON has it; null: there is no sample. */
export type Cell = number | "NaN" | "+Inf" | "-Inf" | null;

/** The buckets that cover a range; they begin at multiples of the step, as those of the store do. */
export function gridOf(range: TimeRange, stepMs: number): Grid {
  const from = Math.floor(range.from / stepMs) * stepMs;
  return { from, stepMs, length: Math.floor((range.to - from) / stepMs) + 1 };
}

/** One value of every bucket. */
export function onGrid(
  { starts }: SeriesBuckets,
  grid: Grid,
  read: (bucket: number) => number,
): Cell[] {
  const cells: Cell[] = Array.from({ length: grid.length }, () => null);
  for (let bucket = 0; bucket < starts.length; bucket += 1) {
    const place = placeOf(starts[bucket], grid);
    if (place !== undefined) cells[place] = cellOf(read(bucket));
  }
  return cells;
}

/**
 * The rate per second in every bucket. Across a gap longer than `reachMs` there is none: nobody knows how the counter
 * grew in it. Buckets before the grid are read for the first rate.
 */
export function rateOnGrid(series: SeriesBuckets, grid: Grid, reachMs: number): Cell[] {
  const { starts, last, max } = series;
  const cells: Cell[] = Array.from({ length: grid.length }, () => null);
  for (let bucket = 1; bucket < starts.length; bucket += 1) {
    const place = placeOf(starts[bucket], grid);
    const elapsedMs = (starts[bucket] ?? 0) - (starts[bucket - 1] ?? 0);
    if (place === undefined || elapsedMs > reachMs) continue;
    const grown = growth(last[bucket - 1], last[bucket], max[bucket]);
    cells[place] = cellOf((grown * 1000) / elapsedMs);
  }
  return cells;
}

function growth(before = Number.NaN, after = Number.NaN, greatest = Number.NaN): number {
  if (after >= before && greatest <= after) return after - before;
  return Math.max(0, greatest - before) + after;
}

function placeOf(start: number | undefined, grid: Grid): number | undefined {
  const place = Math.round(((start ?? Number.NaN) - grid.from) / grid.stepMs);
  return place >= 0 && place < grid.length ? place : undefined;
}

function cellOf(value: number): Cell {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
