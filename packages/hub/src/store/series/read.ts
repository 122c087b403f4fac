/** Reading: the rows of many series at once, window by window, merged and cut to the range that was asked for. */
import type { SeriesBuckets, SeriesSamples, TimeRange } from "../../model/series.ts";
import { type Window, WindowGatherer } from "./gather.ts";
import { Merge } from "./merge.ts";
import { batchSegments, BlockSegment, loadGroups, type Segment } from "./segment.ts";
import type { FoundSeries } from "./select.ts";
import type { BatchRow, Resolution, SeriesTables } from "./tables.ts";
import { bucketMs, firstAfter, firstAtLeast, floorTo, latest, windowOf } from "./window.ts";

/** Windows of each source, ascending. */
type Windows = ReadonlyMap<number, readonly Window[]>;

/** Slots of each source. */
type Wanted = ReadonlyMap<number, readonly number[]>;

/** Raw samples of the series, in the order asked for. */
export async function readSamples(
  tables: SeriesTables,
  series: readonly FoundSeries[],
  range: TimeRange,
): Promise<readonly SeriesSamples[]> {
  const windows = await loadWindows(tables, wantedOf(series), 0, range, null);
  return series.map(({ sourceId, slot, key }) => ({
    key,
    ...samplesOf(windows.get(sourceId) ?? [], slot, range),
  }));
}

/**
 * Buckets of `stepMs` of the series, in the order asked for; every bucket that the range touches, whole.
 *
 * Where the step is a multiple of a rollup's, the rollup answers for windows that are sealed, and samples for those
 * that are open. Otherwise samples answer, and where those are gone the finest rollup there is; its buckets are then
 * counted where they begin.
 */
export async function readBuckets(
  tables: SeriesTables,
  series: readonly FoundSeries[],
  range: TimeRange,
  stepMs: number,
): Promise<readonly SeriesBuckets[]> {
  const whole = {
    from: floorTo(range.from, stepMs),
    to: floorTo(range.to, stepMs) + stepMs - 1,
  };
  const wanted = wantedOf(series);
  const [raw, five, hour] = await loadParts(tables, wanted, whole, coarsest(stepMs));
  const gatherers = new Map<number, WindowGatherer>();
  return series.map(({ sourceId, slot, key }) => {
    let gatherer = gatherers.get(sourceId);
    if (gatherer === undefined) {
      const of = (windows: Windows): readonly Window[] => windows.get(sourceId) ?? [];
      gatherer = new WindowGatherer([of(raw), of(five), of(hour)], whole, stepMs);
      gatherers.set(sourceId, gatherer);
    }
    return gatherer.gather(key, slot);
  });
}

/** The coarsest resolution whose buckets make up buckets of `stepMs`. */
function coarsest(stepMs: number): Resolution {
  if (stepMs % bucketMs[2] === 0) return 2;
  return stepMs % bucketMs[1] === 0 ? 1 : 0;
}

/**
 * Loads what is needed of each resolution. Samples are left out of sealed windows when a rollup is good enough; a
 * coarser rollup is only asked where a finer one may have been dropped, that is, before its oldest window.
 */
async function loadParts(
  tables: SeriesTables,
  wanted: Wanted,
  range: TimeRange,
  best: Resolution,
): Promise<readonly [Windows, Windows, Windows]> {
  const none: Windows = new Map();
  let only: ReadonlyMap<number, ReadonlySet<number>> | null = null;
  if (best > 0) only = await openStarts(tables, wanted);
  const raw = await loadWindows(tables, wanted, 0, range, only);
  if (best === 2) return [raw, none, await loadWindows(tables, wanted, 2, range, null)];
  const isWhole = best === 0 && (await reachesBack(tables, wanted, 0, range));
  const five = isWhole ? none : await loadWindows(tables, wanted, 1, range, null);
  const isFiveWhole = isWhole || (await reachesBack(tables, wanted, 1, range));
  const hour = isFiveWhole ? none : await loadWindows(tables, wanted, 2, range, null);
  return [raw, five, hour];
}

async function openStarts(
  tables: SeriesTables,
  wanted: Wanted,
): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
  const starts = new Map<number, Set<number>>();
  for (const sourceId of wanted.keys()) starts.set(sourceId, new Set());
  for (const open of await tables.openWindows([...wanted.keys()])) {
    if (open.resolution === 0) starts.get(open.sourceId)?.add(open.windowStart);
  }
  return starts;
}

/**
 * True when nothing of the range was dropped from a resolution, as far as its oldest windows tell: that of all sources,
 * and, since sources may have a retention of their own, that of each.
 */
async function reachesBack(
  tables: SeriesTables,
  wanted: Wanted,
  resolution: Resolution,
  range: TimeRange,
): Promise<boolean> {
  const reaches = (oldest: number | undefined): boolean =>
    oldest !== undefined && oldest <= range.from;
  if (!reaches(await tables.oldestWindow(resolution))) return false;
  if ((await tables.limits()).retentionStamp === null) return true;
  return (await tables.oldestWindowOf(resolution, [...wanted.keys()])).every(reaches);
}

/** The rows of a range, merged per source and window; with `only`, of those windows alone. */
async function loadWindows(
  tables: SeriesTables,
  wanted: Wanted,
  resolution: Resolution,
  range: TimeRange,
  only: ReadonlyMap<number, ReadonlySet<number>> | null,
): Promise<Windows> {
  let sourceIds = [...wanted.keys()];
  let from = windowOf(resolution, Math.max(range.from, -latest));
  let to = windowOf(resolution, Math.min(range.to, latest));
  if (only !== null) {
    const starts = [...only.values()].flatMap((one) => [...one]);
    const inside = starts.filter((start) => start >= from && start <= to);
    sourceIds = sourceIds.filter((id) => (only.get(id)?.size ?? 0) > 0);
    from = Math.min(...inside);
    to = Math.max(...inside);
  }
  const windows = new Map<number, Window[]>();
  if (from > to || sourceIds.length === 0) return windows;
  const isAsked = (row: { sourceId: number; windowStart: number }): boolean =>
    only === null || only.get(row.sourceId)?.has(row.windowStart) === true;
  const rows = await tables.blocks(sourceIds, resolution, from, to);
  const blocks = BlockSegment.of(rows.filter(isAsked), resolution);
  const batches =
    resolution === 0 ? (await tables.batches(sourceIds, from, to)).filter(isAsked) : [];
  await loadGroups(tables, blocks, resolution, (segment) => wanted.get(segment.row.sourceId) ?? []);
  for (const { sourceId, start, segments } of grouped(blocks, batches, wanted)) {
    const list = windows.get(sourceId) ?? [];
    list.push({ start, merged: new Merge(segments) });
    windows.set(sourceId, list);
  }
  for (const list of windows.values()) list.sort((a, b) => a.start - b.start);
  return windows;
}

interface Rows {
  readonly sourceId: number;
  readonly start: number;
  readonly segments: Segment[];
}

/** Segments of each source and window, oldest writing first: blocks as they come, then batches. */
function grouped(
  blocks: readonly BlockSegment[],
  batches: readonly BatchRow[],
  wanted: Wanted,
): Iterable<Rows> {
  const groups = new Map<string, Rows>();
  const groupOf = (sourceId: number, start: number): Rows => {
    const key = `${sourceId}/${start}`;
    const group = groups.get(key) ?? { sourceId, start, segments: [] };
    groups.set(key, group);
    return group;
  };
  for (const segment of blocks) {
    groupOf(segment.row.sourceId, segment.row.windowStart).segments.push(segment);
  }
  const byWindow = Map.groupBy(batches, (row) => `${row.sourceId}/${row.windowStart}`);
  for (const rows of byWindow.values()) {
    const [first] = rows;
    if (first === undefined) continue;
    const slots = new Set(wanted.get(first.sourceId));
    groupOf(first.sourceId, first.windowStart).segments.push(...batchSegments(rows, slots));
  }
  return groups.values();
}

function wantedOf(series: readonly FoundSeries[]): Wanted {
  const wanted = new Map<number, number[]>();
  for (const { sourceId, slot } of series) {
    const slots = wanted.get(sourceId) ?? [];
    slots.push(slot);
    wanted.set(sourceId, slots);
  }
  return wanted;
}

/** Room for one column of the longest window. */
function roomFor(windows: readonly Window[]): { values: Float64Array; present: Uint8Array } {
  const longest = windows.reduce((most, { merged }) => Math.max(most, merged.times.length), 0);
  return { values: new Float64Array(longest), present: new Uint8Array(longest) };
}

function samplesOf(
  windows: readonly Window[],
  slot: number,
  range: TimeRange,
): { times: Float64Array; values: Float64Array } {
  const { values, present } = roomFor(windows);
  const total = windows.reduce((sum, { merged }) => sum + merged.times.length, 0);
  const allTimes = new Float64Array(total);
  const allValues = new Float64Array(total);
  let count = 0;
  for (const { merged } of windows) {
    const presence = merged.read(slot, 0, values, present);
    if (presence === "none") continue;
    const { times } = merged;
    const from = firstAtLeast(times, range.from);
    const to = firstAfter(times, range.to);
    if (presence === "all" && from < to) {
      allTimes.set(times.subarray(from, to), count);
      allValues.set(values.subarray(from, to), count);
      count += to - from;
    } else {
      for (let i = from; i < to; i += 1) {
        if (present[i] === 0) continue;
        allTimes[count] = times[i] ?? 0;
        allValues[count] = values[i] ?? 0;
        count += 1;
      }
    }
  }
  return { times: allTimes.slice(0, count), values: allValues.slice(0, count) };
}
