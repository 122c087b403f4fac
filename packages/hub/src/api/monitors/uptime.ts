/** Uptime and status bars, computed from status intervals. Pure. */
import type { Status } from "@belfry/contract";
import type { TimeRange } from "../../model/series.ts";
import type { StatusInterval } from "../parts.ts";

/** Times in ms. `ratio` is of the time that counts; null when none did. */
export interface Uptime {
  readonly ratio: number | null;
  readonly upMs: number;
  readonly downMs: number;
  /** The rest of the range: unknown, paused, pending and maintenance time, and time before the monitor was made. */
  readonly uncountedMs: number;
}

/** Adds up the intervals within a range; an open interval lasts until its end. */
export function uptimeOf(intervals: readonly StatusInterval[], range: TimeRange): Uptime {
  let upMs = 0;
  let downMs = 0;
  for (const interval of intervals) {
    const ms = overlapMs(interval, range);
    if (interval.status === "up" || interval.status === "degraded") upMs += ms;
    else if (interval.status === "down") downMs += ms;
  }
  const counted = upMs + downMs;
  return {
    ratio: counted === 0 ? null : upMs / counted,
    upMs,
    downMs,
    uncountedMs: Math.max(0, range.to - range.from - counted),
  };
}

/**
 * One status for each of `slots` equal parts of a range, oldest first: `down` or `degraded` where there was any such
 * moment, else the status that held longest; null where nothing is known.
 */
export function statusBar(
  intervals: readonly StatusInterval[],
  range: TimeRange,
  slots: number,
): (Status | null)[] {
  const slotMs = (range.to - range.from) / slots;
  const bar: (Status | null)[] = [];
  let first = 0;
  for (let slot = 0; slot < slots; slot += 1) {
    const part = { from: range.from + slot * slotMs, to: range.from + (slot + 1) * slotMs };
    while (endOf(intervals[first], part.to) <= part.from) first += 1;
    bar.push(statusWithin(intervals, first, part));
  }
  return bar;
}

function endOf(interval: StatusInterval | undefined, otherwise: number): number {
  return interval?.to ?? otherwise;
}

function statusWithin(
  intervals: readonly StatusInterval[],
  first: number,
  part: TimeRange,
): Status | null {
  const lasted = new Map<Status, number>();
  for (let i = first; i < intervals.length; i += 1) {
    const interval = intervals[i];
    if (interval === undefined || interval.from >= part.to) break;
    const ms = overlapMs(interval, part);
    if (ms > 0) lasted.set(interval.status, (lasted.get(interval.status) ?? 0) + ms);
  }
  if (lasted.has("down")) return "down";
  if (lasted.has("degraded")) return "degraded";
  let longest: Status | null = null;
  for (const [status, ms] of lasted) {
    if (longest === null || ms > (lasted.get(longest) ?? 0)) longest = status;
  }
  return longest;
}

function overlapMs(interval: StatusInterval, range: TimeRange): number {
  const to = Math.min(interval.to ?? range.to, range.to);
  return Math.max(0, to - Math.max(interval.from, range.from));
}
