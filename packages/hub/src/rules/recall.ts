/** Reads what rules need to know from before: newest samples, and spans; raw as far as that is quick, then rollups. */
import type {
  SeriesBuckets,
  SeriesKey,
  SeriesSamples,
  SourceKey,
  TimeRange,
} from "../model/series.ts";
import type { RuleSet } from "./rule-set.ts";
import { seriesText } from "./series-plan.ts";
import { SpanWindow } from "./span-window.ts";
import type { Planner, WatchedSource } from "./watched-source.ts";

/** What is read of the store. */
export interface RecallStore {
  latestOf(
    source: SourceKey,
    names: readonly string[],
    since: number,
  ): Promise<readonly { readonly key: SeriesKey; readonly at: number; readonly value: number }[]>;
  rawOf(
    source: SourceKey,
    keys: readonly SeriesKey[],
    range: TimeRange,
  ): Promise<readonly (SeriesSamples | undefined)[]>;
  bucketsOfNames(
    source: SourceKey,
    names: readonly string[],
    range: TimeRange,
    stepMs: number,
  ): Promise<readonly SeriesBuckets[]>;
}

/** Longer spans are read from rollups. */
const mostRawMs = 3_600_000;
const rollupMs = 300_000;
/** What was heard of a subject before that long, in ms, says nothing of its present. */
const leastMemoryMs = 86_400_000;
const jobMemoryMs = 30 * 86_400_000;

/** Fills the windows of a source from the store. `now` is epoch ms. */
export async function recall(
  watched: WatchedSource,
  { rules, store, planner }: { rules: RuleSet; store: RecallStore; planner: Planner },
  now: number,
): Promise<void> {
  const { source, kind } = watched;
  const names = [...rules.metricsOf(kind)];
  if (names.length === 0) return watched.recall(new Map(), []);
  const memoryMs = kind === "job" ? jobMemoryMs : leastMemoryMs;
  const since = now - rules.longestSpanOf(kind) - memoryMs;
  const newest = await store.latestOf(source, names, since);
  watched.expect(
    newest.map(({ key }) => key),
    planner,
  );
  const needs = watched.windowNeeds();
  const filled = new Map<SpanWindow, SpanWindow>();
  const fresh = (window: SpanWindow): SpanWindow => {
    const into = filled.get(window) ?? new SpanWindow(window.kind, window.overMs);
    filled.set(window, into);
    return into;
  };
  const to = now + 86_400_000;

  const short = needs.filter(({ window }) => window.overMs <= mostRawMs);
  const keys = [...new Set(short.map(({ key }) => key))];
  const spanMs = Math.max(0, ...short.map(({ window }) => window.overMs));
  const raw = keys.length === 0 ? [] : await store.rawOf(source, keys, { from: now - spanMs, to });
  for (const { key, window } of short) {
    const samples = raw[keys.indexOf(key)];
    if (samples !== undefined) addSamples(fresh(window), samples, now - window.overMs);
  }

  const long = needs.filter(({ window }) => window.overMs > mostRawMs);
  const longNames = [...new Set(long.map(({ key }) => key.name))];
  const longMs = Math.max(0, ...long.map(({ window }) => window.overMs));
  const range = { from: now - longMs, to };
  const buckets =
    longNames.length === 0 ? [] : await store.bucketsOfNames(source, longNames, range, rollupMs);
  const byKey = new Map(buckets.map((one) => [textOf(one.key), one]));
  for (const { key, window } of long) {
    const found = byKey.get(textOf(key));
    if (found !== undefined) addBuckets(fresh(window), found, rollupMs);
  }
  watched.recall(filled, newest);
}

function textOf({ name, labels }: SeriesKey): string {
  return `${name}\n${seriesText(labels)}`;
}

/** Takes the samples since `from` (epoch ms) into a window. */
export function addSamples(
  window: SpanWindow,
  { times, values }: Pick<SeriesSamples, "times" | "values">,
  from: number,
): void {
  for (let i = 0; i < times.length; i += 1) {
    const at = times[i] ?? Number.NaN;
    if (at >= from) window.add(at, values[i] ?? Number.NaN);
  }
}

function addBuckets(window: SpanWindow, buckets: SeriesBuckets, stepMs: number): void {
  for (const [i, start] of buckets.starts.entries()) {
    const { min, max, sum, count, last } = buckets;
    const none = Number.NaN;
    window.addBucket({
      start,
      stepMs,
      min: min[i] ?? none,
      max: max[i] ?? none,
      sum: sum[i] ?? none,
      count: count[i] ?? 0,
      last: last[i] ?? none,
    });
  }
}
