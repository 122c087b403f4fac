/**
 * Columns over one axis of time, as charts want them: made from the series of the API, joined with what came since,
 * broken where checks are missing. Times are epoch ms, values seconds; null is a gap.
 */
import type { SeriesRangeView } from "@belfry/contract";
import type { Span } from "../route/route.ts";

export type Value = number | null;

/** Columns of equal length, as long as `times`, which ascend. */
export interface Timeline {
  readonly times: readonly number[];
  readonly columns: ReadonlyMap<string, readonly Value[]>;
}

export const emptyTimeline: Timeline = { times: [], columns: new Map() };

/** One series before it is put beside others. */
export interface Line {
  readonly key: string;
  readonly times: readonly number[];
  readonly values: readonly Value[];
}

/** The lines of an answer. `keyOf` names a series; those without a name are left out. A bucket counts by `of`. */
export function linesOf(
  view: SeriesRangeView,
  keyOf: (labels: Readonly<Record<string, string>>) => string | undefined,
  of: "mean" | "max" = "mean",
): Line[] {
  const lines: Line[] = [];
  for (const item of view.items) {
    const key = keyOf(item.labels);
    if (key === undefined) continue;
    if ("values" in item)
      lines.push({ key, times: item.times_ms, values: item.values.map(finite) });
    else if (of === "max") lines.push({ key, times: item.starts_ms, values: item.max.map(finite) });
    else {
      const values = item.sum.map((sum, i) => ratio(finite(sum), finite(item.count[i] ?? null)));
      lines.push({ key, times: item.starts_ms, values });
    }
  }
  return lines;
}

/** Puts lines side by side. Where one has no value at another's time, it has a gap; lines of one key are joined. */
export function alignLines(lines: readonly Line[]): Timeline {
  const times = [...new Set(lines.flatMap((line) => [...line.times]))].toSorted((a, b) => a - b);
  const place = new Map(times.map((time, i) => [time, i]));
  const columns = new Map<string, Value[]>();
  for (const { key, times: own, values } of lines) {
    const column = columns.get(key) ?? Array.from<Value>({ length: times.length }).fill(null);
    columns.set(key, column);
    own.forEach((time, i) => {
      const at = place.get(time);
      const value = values[i] ?? null;
      if (at !== undefined && value !== null) column[at] = value;
    });
  }
  return { times, columns };
}

/** What was known, with newer times from `tail` in its place, cut to what lies in the span. */
export function joinTimelines(former: Timeline, tail: Timeline, span: Span): Timeline {
  const tailFrom = tail.times[0] ?? Number.POSITIVE_INFINITY;
  const from = former.times.findIndex((time) => time >= span.from);
  const firstNew = former.times.findIndex((time) => time >= tailFrom);
  const kept =
    from === -1 ? 0 : Math.max(0, (firstNew === -1 ? former.times.length : firstNew) - from);
  const start = from === -1 ? 0 : from;
  const keys = new Set([...former.columns.keys(), ...tail.columns.keys()]);
  const columns = new Map<string, readonly Value[]>();
  for (const key of keys) {
    columns.set(key, [
      ...cut(former.columns.get(key), start, kept),
      ...cut(tail.columns.get(key), 0, tail.times.length),
    ]);
  }
  return { times: [...former.times.slice(start, start + kept), ...tail.times], columns };
}

/** Puts a row of gaps wherever two times are further apart than `gapMs`: nothing was measured in between. */
export function breakAtGaps(timeline: Timeline, gapMs: number): Timeline {
  const { times } = timeline;
  const breaks = times.flatMap((time, i) => {
    const before = times[i - 1];
    return before !== undefined && time - before > gapMs ? [i] : [];
  });
  if (breaks.length === 0) return timeline;
  const at = new Set(breaks);
  const broken: number[] = [];
  times.forEach((time, i) => {
    if (at.has(i)) broken.push(((times[i - 1] ?? time) + time) / 2);
    broken.push(time);
  });
  const columns = new Map(
    [...timeline.columns].map(([key, values]) => [
      key,
      values.flatMap((value, i) => (at.has(i) ? [null, value] : [value])),
    ]),
  );
  return { times: broken, columns };
}

/** Sums columns upwards in the order of `keys`: what is drawn over one another. A gap in all of them stays one. */
export function stackColumns(
  timeline: Timeline,
  keys: readonly string[],
): readonly (readonly Value[])[] {
  let below: readonly Value[] = timeline.times.map(() => null);
  return keys.map((key) => {
    const column = timeline.columns.get(key) ?? [];
    below = below.map((sum, i) => {
      const value = column[i] ?? null;
      return value === null ? sum : (sum ?? 0) + value;
    });
    return below;
  });
}

/** Keys of columns that say something: with any value other than zero. */
export function speakingKeys(timeline: Timeline): string[] {
  return [...timeline.columns]
    .filter(([, values]) => values.some((value) => value !== null && value !== 0))
    .map(([key]) => key);
}

function cut(values: readonly Value[] | undefined, from: number, length: number): readonly Value[] {
  return values === undefined
    ? Array.from<Value>({ length }).fill(null)
    : values.slice(from, from + length);
}

function finite(value: number | string | null): Value {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function ratio(sum: Value, count: Value): Value {
  return sum === null || count === null || count === 0 ? null : sum / count;
}
