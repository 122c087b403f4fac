/**
 * Deleting the samples of a range. Windows that lie in it go as they are; those at its ends are written anew without it.
 *
 * Buckets of which a part lies in the range go as well. Where there still are samples, their windows are sealed anew, which
 * makes such buckets again from what is left; where samples were dropped long ago, nobody could say what part of a
 * bucket was whose, and what was to be deleted counts more than what was to stay.
 */
import type { TimeRange } from "../../model/series.ts";
import { Cut, Merge } from "./merge.ts";
import type { Kept } from "./retention.ts";
import { blocksOf } from "./seal.ts";
import { batchSegments, BlockSegment, loadGroups } from "./segment.ts";
import type { Resolution, SeriesTables } from "./tables.ts";
import { bucketMs, firstAtLeast, floorTo, latest, windowMs, windowOf } from "./window.ts";

/**
 * Deletes what a source has in the range, in every resolution; nothing when the source is gone. What others append
 * meanwhile stays. `kept` is the source's retention.
 */
export async function deleteRange(
  tables: SeriesTables,
  sourceId: number,
  range: TimeRange,
  now: number,
  kept: Kept,
): Promise<void> {
  const from = Math.max(range.from, -latest);
  const to = Math.min(range.to, latest);
  if (!(from <= to) || (await tables.lockSource(sourceId, "wait")) === undefined) return;
  // Buckets first: those made again from samples come after them and are newer.
  for (const resolution of [1, 2, 0] as const) {
    const begin = resolution === 0 ? from : floorTo(from, bucketMs[resolution]);
    const end =
      resolution === 0 ? to : floorTo(to, bucketMs[resolution]) + bucketMs[resolution] - 1;
    const first = windowOf(resolution, begin);
    const last = windowOf(resolution, end);
    const length = windowMs[resolution];
    const whole = {
      from: first < begin ? first + length : first,
      to: last + length - 1 > end ? last - length : last,
    };
    if (whole.from <= whole.to) {
      await tables.deleteWindows(sourceId, resolution, whole.from, whole.to);
    }
    for (const windowStart of new Set([first, last])) {
      if (windowStart >= whole.from && windowStart <= whole.to) continue;
      await cutWindow(tables, { sourceId, resolution, windowStart }, begin, end, now, kept);
    }
  }
}

/** Merges all there is of a window and keeps what is outside; a window that was sealed stays sealed. */
async function cutWindow(
  tables: SeriesTables,
  window: {
    readonly sourceId: number;
    readonly resolution: Resolution;
    readonly windowStart: number;
  },
  from: number,
  to: number,
  now: number,
  kept: Kept,
): Promise<void> {
  const { sourceId, resolution, windowStart } = window;
  const rows = await tables.blocks([sourceId], resolution, windowStart, windowStart);
  const blocks = BlockSegment.of(rows, resolution);
  const batches =
    resolution === 0 ? await tables.batches([sourceId], windowStart, windowStart) : [];
  await loadGroups(tables, blocks, resolution, null);
  const merged = new Merge([...blocks, ...batchSegments(batches, null)]);
  const level = rows.some((row) => row.level === 3) ? 3 : 2;
  const first = merged.times[firstAtLeast(merged.times, from)];
  // Of sealed samples the buckets at the ends of the range are gone by now, even where no sample lies in it.
  const isSealed = level === 3 && resolution === 0;
  if (!isSealed && (first === undefined || first > to)) return;
  const left = new Cut(merged, from, to);
  await tables.replace({
    batches: batches.map((row) => row.id),
    blocks: rows.map((row) => row.id),
    inserts: left.times.length === 0 ? [] : blocksOf(left, { ...window, level }, now, kept),
  });
}
