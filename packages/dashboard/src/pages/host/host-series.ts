/**
 * The series of a host as columns over one axis of time: read from the API, joined with what came since, broken where
 * the host was not heard. Pure.
 */
import type { HostSeriesView } from "@belfry/contract";
import { breakAtGaps, joinTimelines, type Timeline, type Value } from "../../chart/timeline.ts";
import type { Span } from "../../route/route.ts";

/** What a column is. */
export interface SeriesName {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface HostSeries {
  readonly timeline: Timeline;
  /** By the keys of the timeline's columns. */
  readonly names: ReadonlyMap<string, SeriesName>;
}

export const noSeries: HostSeries = {
  timeline: { times: [], columns: new Map() },
  names: new Map(),
};

/** Reads an answer. Buckets in which nothing at all was sampled are left out. */
export function hostSeriesOf(view: HostSeriesView): HostSeries {
  const kept = view.starts_ms.flatMap((_start, i) =>
    view.items.some((item) => typeof item.avg[i] === "number") ? [i] : [],
  );
  const columns = new Map<string, readonly Value[]>();
  const names = new Map<string, SeriesName>();
  for (const { name, labels, avg } of view.items) {
    const key = keyOf(name, labels);
    names.set(key, { name, labels });
    columns.set(
      key,
      kept.map((i) => finite(avg[i])),
    );
  }
  return { timeline: { times: kept.map((i) => view.starts_ms[i] ?? 0), columns }, names };
}

/** What was known, with newer buckets from `tail` in its place, cut to the span. */
export function joinHostSeries(former: HostSeries, tail: HostSeries, span: Span): HostSeries {
  return {
    timeline: joinTimelines(former.timeline, tail.timeline, span),
    names: new Map([...former.names, ...tail.names]),
  };
}

/**
 * Without buckets that begin after `lastStart`: in one that is not over, a counter has not grown as far as it will.
 */
export function withoutUnfinished({ timeline, names }: HostSeries, lastStart: number): HostSeries {
  const end = timeline.times.findIndex((time) => time > lastStart);
  if (end === -1) return { timeline, names };
  const columns = new Map(
    [...timeline.columns].map(([key, values]) => [key, values.slice(0, end)]),
  );
  return { timeline: { times: timeline.times.slice(0, end), columns }, names };
}

/** With a gap wherever two buckets are further apart than `gapMs`. */
export function withGaps({ timeline, names }: HostSeries, gapMs: number): HostSeries {
  return { timeline: breakAtGaps(timeline, gapMs), names };
}

/** One column with what it is. */
export interface Column {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly Value[];
}

/** The columns of a metric, in the order of their labels. */
export function columnsOf({ timeline, names }: HostSeries, metric: string): readonly Column[] {
  const found: (Column & { readonly key: string })[] = [];
  for (const [key, { name, labels }] of names) {
    const values = name === metric ? timeline.columns.get(key) : undefined;
    if (values !== undefined) found.push({ key, labels, values });
  }
  return found
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ labels, values }) => ({ labels, values }));
}

/** The one column of a metric without labels of its own; undefined where the host has none. */
export function columnOf(series: HostSeries, metric: string): readonly Value[] | undefined {
  return columnsOf(series, metric)[0]?.values;
}

/** Combines columns value by value; where one of them has none, there is none. */
export function combine(
  columns: readonly (readonly Value[])[],
  of: (...values: number[]) => number,
): readonly Value[] {
  const [first = []] = columns;
  return first.map((_value, i) => {
    const values = columns.map((column) => column[i] ?? null);
    return values.every((value) => value !== null) ? of(...values) : null;
  });
}

/** Whether there is any value other than zero. */
export function speaks(values: readonly Value[]): boolean {
  return values.some((value) => value !== null && value !== 0);
}

/** The mean of what is known; 0 without any. */
export function meanOf(values: readonly Value[]): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name} ${pairs.map(([label, value]) => `${label}=${value}`).join(" ")}`;
}

function finite(value: number | string | null | undefined): Value {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
