/**
 * What may be wrong with a schedule, read from the calls that arrive: they fit the same schedule in another time zone, come
 * much more often or rarely than expected, or at another time. Says nothing where the calls fit, where there are few of
 * them, or where they follow no pattern.
 *
 * Where the starts of runs are called, these are held against the schedule; else the ends, which may come up to ten minutes
 * after a time that is a full or half hour off, because the work takes its time.
 */
import type { HeartbeatSchedule } from "@belfry/contract";
import type { KeptPing } from "./heartbeat.ts";
import { nextAfterOf } from "./heartbeat-schedule.ts";
import { offsetMs } from "./local-time.ts";
import { durationText } from "./span-text.ts";

/** Seconds; what is later is greater than zero. */
export type HeartbeatHint =
  /** The calls fit the schedule in `timezone`; the newest came so much later than expected. */
  | { readonly kind: "timezone"; readonly timezone: string; readonly laterSeconds: number }
  /** One call came after another in so many seconds, and so many were expected. */
  | { readonly kind: "interval"; readonly seconds: number; readonly expectedSeconds: number }
  /** All come so much later than expected. */
  | { readonly kind: "shift"; readonly laterSeconds: number };

/** Calls that are looked at, the newest. */
export const hintedCalls = 20;
const leastCalls = 3;
const leastGaps = 5;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Zones differ by multiples of this, and by less than a shift is not told. */
const quantumMs = 30 * minuteMs;
const earlyMs = 2 * minuteMs;
const lateMs = 10 * minuteMs;
/** A period that is this much longer or shorter than expected is another one. */
const otherPeriod = 1.5;

/** Where jobs are likely to run; of zones whose clocks show the same, the first is named. */
const likelyZones = [
  "UTC",
  "Europe/Berlin",
  "Europe/London",
  "Europe/Athens",
  "Europe/Istanbul",
  "Europe/Lisbon",
  "America/New_York",
  "America/Chicago",
  "America/Denver",
  "America/Los_Angeles",
  "America/Phoenix",
  "America/Anchorage",
  "America/Halifax",
  "America/St_Johns",
  "America/Sao_Paulo",
  "America/Santiago",
  "America/Bogota",
  "America/Caracas",
  "Africa/Lagos",
  "Africa/Johannesburg",
  "Africa/Cairo",
  "Africa/Nairobi",
  "Asia/Dubai",
  "Asia/Tehran",
  "Asia/Karachi",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Dhaka",
  "Asia/Bangkok",
  "Asia/Shanghai",
  "Asia/Tokyo",
  "Australia/Perth",
  "Australia/Adelaide",
  "Australia/Brisbane",
  "Australia/Sydney",
  "Australia/Lord_Howe",
  "Pacific/Auckland",
  "Pacific/Honolulu",
  "Pacific/Apia",
] as const;

/** Looks at calls in any order. `setAt` (epoch ms) is when the schedule was set: calls before it say nothing of it. */
export function heartbeatHint(
  schedule: HeartbeatSchedule,
  calls: readonly Pick<KeptPing, "at" | "kind">[],
  setAt: number,
): HeartbeatHint | null {
  const { times, areStarts } = timesOf(calls, setAt);
  const newest = times.at(-1);
  if (times.length < leastCalls || newest === undefined) return null;
  if (schedule.kind === "period") return intervalHint(times, schedule.seconds * 1000);
  const later = laterBy(schedule, newest);
  if (later === null) return null;
  const shift = Math.floor((later + earlyMs) / quantumMs) * quantumMs;
  if (!fits(schedule, times)) {
    const timezone = shift === 0 ? undefined : zoneOf(schedule, times, shift);
    if (timezone !== undefined) {
      return { kind: "timezone", timezone, laterSeconds: shift / 1000 };
    }
  }
  return intervalHint(times, spacingOf(schedule, times)) ?? shiftHint(schedule, times, areStarts);
}

/** The times that say when work begins, ascending. */
function timesOf(
  calls: readonly Pick<KeptPing, "at" | "kind">[],
  setAt: number,
): { readonly times: readonly number[]; readonly areStarts: boolean } {
  const of = (...kinds: readonly KeptPing["kind"][]): readonly number[] =>
    calls
      .filter(({ at, kind }) => at >= setAt && kinds.includes(kind))
      .map(({ at }) => at)
      .toSorted((a, b) => a - b)
      .slice(-hintedCalls);
  const starts = of("start");
  return starts.length >= leastCalls
    ? { times: starts, areStarts: true }
    : { times: of("success", "fail"), areStarts: false };
}

type TimedSchedule = Exclude<HeartbeatSchedule, { readonly kind: "period" }>;

/** How much later than the nearest expected time a call came; null: none is near. */
function laterBy(schedule: TimedSchedule, at: number): number | null {
  const next = nextAfterOf(schedule, 0);
  const after = next(at - 1);
  // The last one before: looked for within ever longer spans.
  for (let spanMs = hourMs; spanMs <= 400 * dayMs; spanMs *= 4) {
    let before: number | null = null;
    for (let time = next(at - spanMs); time !== null && time <= at; time = next(time))
      before = time;
    if (before === null) continue;
    return after !== null && after - at < at - before ? at - after : at - before;
  }
  return after === null ? null : at - after;
}

/** Whether most calls come when they are expected, or while the work takes its time. */
function fits(schedule: TimedSchedule, times: readonly number[]): boolean {
  return times.filter((at) => isNear(schedule, at)).length * 2 > times.length;
}

function isNear(schedule: TimedSchedule, at: number): boolean {
  const time = nextAfterOf(schedule, 0)(at - lateMs - 1);
  return time !== null && time <= at + earlyMs;
}

/** The first zone in which all calls fit. */
function zoneOf(
  schedule: TimedSchedule,
  times: readonly number[],
  shift: number,
): string | undefined {
  const newest = times.at(-1) ?? 0;
  const wanted = offsetMs(newest, schedule.timezone) - shift;
  return likelyZones.find((timezone) => {
    // A day more or less shows the same time of day.
    const differs = (offsetMs(newest, timezone) - wanted) % dayMs;
    return differs === 0 && times.every((at) => isNear({ ...schedule, timezone }, at));
  });
}

/** Calls that follow one another evenly, but not as often as expected. */
function intervalHint(times: readonly number[], expectedMs: number | null): HeartbeatHint | null {
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at));
  if (gaps.length < leastGaps || expectedMs === null) return null;
  const usual = median(gaps);
  const spread = median(gaps.map((gap) => Math.abs(gap - usual)));
  const isEven = usual > 0 && spread <= usual / 10;
  const isOther = usual > expectedMs * otherPeriod || usual * otherPeriod < expectedMs;
  if (!isEven || !isOther) return null;
  return {
    kind: "interval",
    seconds: Math.round(usual / 1000),
    expectedSeconds: Math.round(expectedMs / 1000),
  };
}

/** From one expected time to the next while these calls came, on the average; null: too few are expected. */
function spacingOf(schedule: TimedSchedule, times: readonly number[]): number | null {
  const first = times[0] ?? 0;
  const newest = times.at(-1) ?? 0;
  const next = nextAfterOf(schedule, 0);
  const expected: number[] = [];
  let at = next(first - 1);
  // As many as say that calls come rarely; and beyond the newest call so far that one is known at all.
  while (
    at !== null &&
    expected.length < 4 * hintedCalls &&
    (at <= newest || expected.length < 3)
  ) {
    expected.push(at);
    at = next(at);
  }
  const begin = expected[0];
  const end = expected.at(-1);
  if (begin === undefined || end === undefined || expected.length < 2) return null;
  return (end - begin) / (expected.length - 1);
}

/** Calls that all come at another time. Ends of runs that come later say only that the work takes its time. */
function shiftHint(
  schedule: TimedSchedule,
  times: readonly number[],
  areStarts: boolean,
): HeartbeatHint | null {
  const later = times.flatMap((at) => laterBy(schedule, at) ?? []);
  const usual = median(later);
  const isSteady = later.every((one) => Math.abs(one - usual) <= earlyMs);
  const isFar = areStarts ? Math.abs(usual) > lateMs : usual < -lateMs;
  return isSteady && isFar ? { kind: "shift", laterSeconds: Math.round(usual / 1000) } : null;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** One sentence that says it, for a schedule in `scheduleZone`. */
export function hintText(hint: HeartbeatHint, scheduleZone: string): string {
  switch (hint.kind) {
    case "timezone":
      return `Calls come ${apart(hint.laterSeconds)} than expected: the job seems to run by the clocks of ${hint.timezone}, and the schedule is in ${scheduleZone}.`;
    case "interval":
      return `Calls come about every ${durationText(hint.seconds)}, and are expected every ${durationText(hint.expectedSeconds)}: the job seems to have another schedule.`;
    case "shift":
      return `Calls come ${apart(hint.laterSeconds)} than expected, each time: the job seems to have another schedule.`;
  }
}

function apart(seconds: number): string {
  return `${durationText(Math.abs(seconds))} ${seconds > 0 ? "later" : "earlier"}`;
}
