/**
 * How many samples a series has. Buckets of an hour say so for whole hours of sealed windows, which is a fiftieth of the
 * work; buckets outlive samples, so only those are counted whose window of samples is still there.
 */
import type { TimeRange } from "../../model/series.ts";
import { readBuckets, readSamples } from "./read.ts";
import type { FoundSeries } from "./select.ts";
import type { SeriesTables } from "./tables.ts";
import { bucketMs, floorTo, latest, windowMs, windowOf } from "./window.ts";

const hourMs = bucketMs[2];

/** Distinct instants in the range at which a series has samples. */
export async function countInstants(
  tables: SeriesTables,
  series: FoundSeries,
  range: TimeRange,
): Promise<number> {
  const windows = await tables.windowsFrom(
    series.sourceId,
    windowOf(0, Math.max(range.from, -latest)),
  );
  const [newest] = windows;
  const oldest = windows.at(-1);
  if (newest === undefined || oldest === undefined) return 0;
  const from = Math.max(range.from, oldest);
  const to = Math.min(range.to, newest + windowMs[0] - 1);
  const hours = { from: floorTo(from + hourMs - 1, hourMs), to: floorTo(to + 1, hourMs) };
  const [oldestHours] = await tables.oldestWindowOf(2, [series.sourceId]);
  // Where buckets may be missing, samples are counted.
  if (hours.from >= hours.to || oldestHours === undefined || oldestHours > oldest) {
    return countSamples(tables, series, from, to);
  }
  const existing = new Set(windows);
  const inner = { from: hours.from, to: hours.to - 1 };
  const [buckets] = await readBuckets(tables, [series], inner, hourMs);
  let count = 0;
  buckets?.starts.forEach((start, i) => {
    if (existing.has(windowOf(0, start))) count += buckets.count[i] ?? 0;
  });
  count += await countSamples(tables, series, from, hours.from - 1);
  return count + (await countSamples(tables, series, hours.to, to));
}

async function countSamples(
  tables: SeriesTables,
  series: FoundSeries,
  from: number,
  to: number,
): Promise<number> {
  if (from > to) return 0;
  const [samples] = await readSamples(tables, [series], { from, to });
  return samples?.times.length ?? 0;
}
