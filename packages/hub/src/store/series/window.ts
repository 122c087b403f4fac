/**
 * How time is cut. Samples lie in windows of two hours, buckets of 5 minutes in windows of a day, buckets of an hour
 * in windows of 32 days; all are aligned to the epoch, so that every hub cuts alike.
 */
import type { Resolution } from "./tables.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Length of a window of each resolution, in ms. */
export const windowMs = [2 * hourMs, dayMs, 32 * dayMs] as const satisfies Record<
  Resolution,
  number
>;

/** Length of a bucket of the two rollups, in ms. */
export const bucketMs = { 1: 5 * minuteMs, 2: hourMs } as const;

/** Columns that a series has in a block: its samples, or min, max, sum, count and last of its buckets. */
export const fieldsOf = [1, 5, 5] as const satisfies Record<Resolution, number>;

/** Start of the window that `time` lies in. */
export function windowOf(resolution: Resolution, time: number): number {
  return floorTo(time, windowMs[resolution]);
}

/** The greatest multiple of `step` that is not above `time`. */
export function floorTo(time: number, step: number): number {
  return Math.floor(time / step) * step;
}

/** Index of the first time that is not below `bound`, in ascending times. */
export function firstAtLeast(times: Float64Array, bound: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first time that is above `bound`, in ascending times. */
export function firstAfter(times: Float64Array, bound: number): number {
  const at = firstAtLeast(times, bound);
  return times[at] === bound ? at + 1 : at;
}

/** The last instant of a JavaScript date; beyond it, and before its opposite, nothing is stored. */
export const latest = 8.64e15;
