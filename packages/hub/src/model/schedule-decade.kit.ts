/**
 * Ten years in six zones, for tests of schedules: where clocks change, and which times an expression of cron has by the
 * book. The book is written a second time here, over a list of the clock's changes instead of a calendar library, so that
 * it can disagree.
 */
import { offsetMs } from "./local-time.ts";

/** From 2016 to the end of 2025: São Paulo changed its clocks at midnight until 2019, Lord Howe by half an hour. */
export const decade = { from: Date.UTC(2016, 0, 1), to: Date.UTC(2026, 0, 1) } as const;

export const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "America/Sao_Paulo",
  "Asia/Kathmandu",
] as const;

/** The long form of these tests walks through every time of every expression; the short one, through a part of the dense. */
export const isLongForm = process.env["BELFRY_EVERY_TIME"] === "1";

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** A span in which clocks are ahead of UTC by the same; epoch ms, the end is not in it. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** The stretches between changes of clocks, some days more than the decade has. Clocks change on full half hours. */
export function stretchesOf(timezone: string): readonly Stretch[] {
  const stretches: Stretch[] = [];
  const end = decade.to + 5 * dayMs;
  let from = decade.from - 5 * dayMs;
  let offset = offsetMs(from, timezone);
  for (let day = from; day < end; day += dayMs) {
    if (offsetMs(day + dayMs, timezone) === offset) continue;
    let at = day;
    while (offsetMs(at, timezone) === offset) at += hourMs / 2;
    stretches.push({ from, to: at, offset });
    from = at;
    offset = offsetMs(at, timezone);
  }
  return [...stretches, { from, to: end, offset }];
}

/** Instants at which clocks change. */
export function changesOf(timezone: string): readonly number[] {
  return stretchesOf(timezone)
    .slice(1)
    .map(({ from }) => from);
}

/** The times that `next` has after `from` and before `to`, at most `most`. */
export function walk(
  next: (at: number) => number | null,
  from: number,
  to: number,
  most = Number.POSITIVE_INFINITY,
): number[] {
  const times: number[] = [];
  let at = next(from);
  while (at !== null && at < to && times.length < most) {
    times.push(at);
    if (times.length < most) at = next(at);
  }
  return times;
}

/**
 * The times of a cron of five fields from `from` to `to`, by the rules that `cron-times.ts` tells: a fixed time that is
 * left out comes at the end of the gap, one that comes twice the first time; with `*` or a step in minutes or hours every
 * time the clocks show counts.
 */
export function modelTimes(
  expression: string,
  stretches: readonly Stretch[],
  from: number,
  to: number,
): readonly number[] {
  const [minutes = "", hours = ""] = expression.split(" ");
  const goesByTheClock = /[*/]/.test(minutes + hours);
  const found = new Set<number>();
  for (const local of localTimes(expression, from - dayMs, to + dayMs)) {
    const shown = stretches.flatMap(({ from: begin, to: end, offset }) =>
      local - offset >= begin && local - offset < end ? [local - offset] : [],
    );
    if (goesByTheClock) for (const at of shown) found.add(at);
    else found.add(shown[0] ?? endOfGap(stretches, local));
  }
  return [...found].filter((at) => at >= from && at < to).toSorted((a, b) => a - b);
}

/** The first instant at which clocks show a time after one that they leave out. */
function endOfGap(stretches: readonly Stretch[], local: number): number {
  const next = stretches.find(({ from, offset }) => from + offset > local);
  return next?.from ?? Number.NaN;
}

/** Times that clocks may show, as if they were UTC. */
function* localTimes(expression: string, from: number, to: number): Iterable<number> {
  const [minutes = "", hours = "", days = "", months = "", weekdays = ""] = expression.split(" ");
  const minute = valuesOf(minutes, 0, 59);
  const hour = valuesOf(hours, 0, 23);
  const day = new Set(valuesOf(days, 1, 31));
  const month = new Set(valuesOf(months, 1, 12));
  const weekday = new Set(valuesOf(weekdays, 0, 7).map((value) => value % 7));
  for (let midnight = Math.floor(from / dayMs) * dayMs; midnight < to; midnight += dayMs) {
    const date = new Date(midnight);
    const isDay = day.has(date.getUTCDate());
    const isWeekday = weekday.has(date.getUTCDay());
    // Where both are given, either is enough (crontab(5)).
    const fits = days !== "*" && weekdays !== "*" ? isDay || isWeekday : isDay && isWeekday;
    if (!fits || !month.has(date.getUTCMonth() + 1)) continue;
    for (const h of hour) for (const m of minute) yield midnight + h * hourMs + m * minuteMs;
  }
}

function valuesOf(field: string, least: number, most: number): readonly number[] {
  return field.split(",").flatMap((item) => {
    const [range = "", step = "1"] = item.split("/");
    const [first = "", last = first] =
      range === "*" ? [String(least), String(most)] : range.split("-");
    const values: number[] = [];
    for (let value = Number(first); value <= Number(last); value += Number(step))
      values.push(value);
    return values;
  });
}
