/**
 * Buckets from before what is kept here, read back from the engine that samples are sent on to. What is kept here is
 * answered from here; where the engine does not answer, that is all there is.
 */
import { createRangeReader, type RangeReader, type RemoteWriteSettings } from "@belfry/relay";
import type { Clock } from "./model/clock.ts";
import type { Selector, SeriesBuckets, SeriesKey, SourceKey, TimeRange } from "./model/series.ts";
import type { Log } from "./self/log.ts";
import type { Store, StoreSettings } from "./store/port.ts";

export interface LongRangeParts {
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "warn">;
  readonly retention: StoreSettings["retention"];
  readonly reader: RangeReader;
}

/** The first destination that can be read; undefined where there is none. `stack` ends it. */
export function openRangeReader(
  destinations: readonly RemoteWriteSettings[],
  stack: AsyncDisposableStack,
): RangeReader | undefined {
  for (const one of destinations) {
    const reader = createRangeReader(one);
    if (reader !== undefined) return stack.use(reader);
  }
  return undefined;
}

/** A store that also knows what it does not keep any more. */
export function readingLongRanges(store: Store, parts: LongRangeParts): Store {
  const { clock, log, reader } = parts;

  /** What is asked of the engine: buckets that begin before what is kept in this step; undefined: nothing. */
  async function older(
    matchers: Selector,
    range: TimeRange,
    stepMs: number,
  ): Promise<readonly SeriesBuckets[]> {
    const keptFrom = clock.now() - keptMs(stepMs, parts.retention);
    if (range.from >= keptFrom) return [];
    const to = Math.min(range.to, keptFrom);
    try {
      return await reader.read({ matchers, from: range.from, to, stepMs });
    } catch (err) {
      log.warn(
        { err },
        "what is no longer kept could not be read back; only what is kept is shown",
      );
      return [];
    }
  }

  return {
    ...store,
    async buckets(match, range, stepMs, limit) {
      const [kept, before] = await Promise.all([
        store.buckets(match, range, stepMs, limit),
        older(match, range, stepMs),
      ]);
      return joined(before, kept).slice(0, limit);
    },
    async bucketsOf(sources, key, range, stepMs) {
      const [kept, before] = await Promise.all([
        store.bucketsOf(sources, key, range, stepMs),
        older([...matchersOf(key), ...anyOf(sources)], range, stepMs),
      ]);
      return sources.map((source, i) => {
        const [label, id] = ownerOf(source);
        const own = before.find((one) => one.key.labels[label] === id);
        const here = kept[i];
        if (own === undefined) return here;
        return joinedOne({ ...own, key: here?.key ?? key }, here);
      });
    },
    async bucketsOfNames(source, names, range, stepMs) {
      const kept = await store.bucketsOfNames(source, names, range, stepMs);
      const before: SeriesBuckets[] = [];
      for (const name of names) {
        const found = await older(
          [...matchersOf({ name, labels: {} }), ...anyOf([source])],
          range,
          stepMs,
        );
        before.push(...found.map((one) => ({ ...one, key: ownKey(one.key, kept) })));
      }
      return joined(before, kept);
    },
  };
}

/** How long buckets of a step are kept: those that can be made of longer ones are kept as long as these. */
function keptMs(
  stepMs: number,
  { rawMs, fiveMinutesMs, hourMs }: StoreSettings["retention"],
): number {
  if (stepMs % 3_600_000 === 0) return hourMs;
  return stepMs % 300_000 === 0 ? fiveMinutesMs : rawMs;
}

function matchersOf({ name, labels }: SeriesKey): Selector {
  return Object.entries({ __name__: name, ...labels }).map(([label, value]) => ({
    label,
    operator: "=",
    value,
  }));
}

/** The label and the value by which series of a source are known outside: `monitor:<id>` → `monitor="<id>"`. */
function ownerOf(source: SourceKey): readonly [label: string, id: string] {
  const at = source.indexOf(":");
  return [source.slice(0, at), source.slice(at + 1)];
}

function anyOf(sources: readonly SourceKey[]): Selector {
  const [label = ""] = sources.map((source) => ownerOf(source)[0]);
  const ids = sources.map((source) => ownerOf(source)[1]);
  return [{ label, operator: "=~", value: ids.join("|") }];
}

/** A series' own labels, without its source's: those that its neighbours here do not have are the source's. */
function ownKey(key: SeriesKey, kept: readonly SeriesBuckets[]): SeriesKey {
  const known = kept.find(
    (one) =>
      one.key.name === key.name &&
      Object.entries(one.key.labels).every(([label, value]) => key.labels[label] === value),
  );
  if (known !== undefined) return known.key;
  const {
    host: _host,
    monitor: _monitor,
    kind: _kind,
    instance: _instance,
    ...labels
  } = key.labels;
  return { name: key.name, labels };
}

function joined(
  before: readonly SeriesBuckets[],
  kept: readonly SeriesBuckets[],
): readonly SeriesBuckets[] {
  if (before.length === 0) return kept;
  const older = new Map(before.map((one) => [textOf(one.key), one]));
  const both = kept.map((one) => {
    const former = older.get(textOf(one.key));
    older.delete(textOf(one.key));
    return former === undefined ? one : joinedOne(former, one);
  });
  return [...both, ...older.values()].toSorted((a, b) => (textOf(a.key) < textOf(b.key) ? -1 : 1));
}

/** What is kept here counts from where it begins. */
function joinedOne(before: SeriesBuckets, kept: SeriesBuckets | undefined): SeriesBuckets {
  if (kept === undefined) return before;
  const firstHere = kept.starts[0] ?? Number.POSITIVE_INFINITY;
  const index = before.starts.findIndex((start) => start >= firstHere);
  const end = index === -1 ? before.starts.length : index;
  const column = (which: "starts" | "min" | "max" | "sum" | "count" | "last"): Float64Array =>
    Float64Array.of(...before[which].subarray(0, end), ...kept[which]);
  return {
    key: kept.key,
    starts: column("starts"),
    min: column("min"),
    max: column("max"),
    sum: column("sum"),
    count: column("count"),
    last: column("last"),
  };
}

function textOf({ name, labels }: SeriesKey): string {
  return JSON.stringify([name, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
