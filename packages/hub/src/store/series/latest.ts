/**
 * The newest samples of some series of one source. What can hold the newest is looked at first: of a host that is heard
 * from a few batches answer, and no column of a block is unpacked.
 */
import type { LatestSample } from "./port.ts";
import { BlockSegment, batchSegments, loadGroups, type Segment } from "./segment.ts";
import type { FoundSeries } from "./select.ts";
import type { SeriesTables } from "./tables.ts";
import { latest, windowOf } from "./window.ts";

interface Newest {
  readonly at: number;
  readonly value: number;
  /** Place of its segment in the order of writing: at one instant the higher is newer. */
  readonly rank: number;
}

/** The newest sample of each series that has one from `since` (epoch ms) on, in the order asked for. */
export async function readLatest(
  tables: SeriesTables,
  series: readonly FoundSeries[],
  since: number,
): Promise<readonly LatestSample[]> {
  const found = new Map<number, ReadonlyMap<number, Newest>>();
  for (const [sourceId, some] of Map.groupBy(series, (one) => one.sourceId)) {
    const slots = some.map((one) => one.slot);
    found.set(sourceId, await newestIn(tables, sourceId, slots, Math.max(since, -latest)));
  }
  return series.flatMap(({ sourceId, slot, key }) => {
    const newest = found.get(sourceId)?.get(slot);
    return newest === undefined ? [] : [{ key, at: newest.at, value: newest.value }];
  });
}

/** Window by window, the newest first, until every slot has a sample. */
async function newestIn(
  tables: SeriesTables,
  sourceId: number,
  slots: readonly number[],
  since: number,
): Promise<ReadonlyMap<number, Newest>> {
  const found = new Map<number, Newest>();
  for (const start of await tables.windowsFrom(sourceId, windowOf(0, since))) {
    const left = slots.filter((slot) => !found.has(slot));
    if (left.length === 0) break;
    const blocks = BlockSegment.of(await tables.blocks([sourceId], 0, start, start), 0);
    const batches = await tables.batches([sourceId], start, start);
    const segments = [...blocks, ...batchSegments(batches, new Set(left))];
    for (const [slot, newest] of await newestOf(tables, segments, left)) {
      if (newest.at >= since) found.set(slot, newest);
    }
  }
  return found;
}

/** The newest samples in one window. `segments`: oldest writing first. */
async function newestOf(
  tables: SeriesTables,
  segments: readonly Segment[],
  slots: readonly number[],
): Promise<ReadonlyMap<number, Newest>> {
  const found = new Map<number, Newest>();
  const ranked = segments
    .map((segment, rank) => ({ segment, rank, last: segment.times.at(-1) ?? -Infinity }))
    .toSorted((a, b) => b.last - a.last);
  for (const { segment, rank, last } of ranked) {
    const open = slots.filter((slot) => (found.get(slot)?.at ?? -Infinity) <= last);
    if (open.length === 0) break;
    if (segment instanceof BlockSegment) await loadGroups(tables, [segment], 0, () => open);
    const values = new Float64Array(segment.times.length);
    const present = new Uint8Array(segment.times.length);
    for (const slot of open) {
      const presence = segment.read(slot, 0, values, present);
      if (presence === "none") continue;
      const place = presence === "all" ? values.length - 1 : present.lastIndexOf(1);
      const at = segment.times[place];
      const before = found.get(slot);
      if (at === undefined || (before !== undefined && before.at > at)) continue;
      if (before?.at === at && before.rank > rank) continue;
      found.set(slot, { at, value: values[place] ?? 0, rank });
    }
  }
  return found;
}
