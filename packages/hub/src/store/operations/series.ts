/** Numeric history: the series core's functions as operations of the store. */
import type { Selector, SeriesBuckets, SeriesKey, SeriesSamples } from "../../model/series.ts";
import type { SourceKey, TimeRange } from "../../model/series.ts";
import type { SeriesStats } from "../port.ts";
import type { LatestSample, MaintenanceSlice } from "../series/port.ts";
import type { OperationContext } from "./operation.ts";

/** See `SeriesStore.append`; the frames are those of the call. */
export function append({
  series,
  seriesTables,
  frames,
}: OperationContext): Promise<{ readonly accepted: number; readonly refused: number }> {
  return series.append(seriesTables, frames);
}

/** See `SeriesStore.listSeries`. */
export function listSeries(
  { series, seriesTables }: OperationContext,
  match: Selector,
  limit: number,
): Promise<readonly SeriesKey[]> {
  return series.listSeries(seriesTables, match, limit);
}

/** See `SeriesStore.raw`. */
export function raw(
  { series, seriesTables }: OperationContext,
  match: Selector,
  range: TimeRange,
  limit: number,
): Promise<readonly SeriesSamples[]> {
  return series.raw(seriesTables, match, range, limit);
}

/** See `SeriesStore.buckets`. */
export function buckets(
  { series, seriesTables }: OperationContext,
  match: Selector,
  range: TimeRange,
  stepMs: number,
  limit: number,
): Promise<readonly SeriesBuckets[]> {
  return series.buckets(seriesTables, match, range, stepMs, limit);
}

/** See `SeriesStore.bucketsOf`. */
export function bucketsOf(
  { series, seriesTables }: OperationContext,
  sources: readonly SourceKey[],
  key: SeriesKey,
  range: TimeRange,
  stepMs: number,
): Promise<readonly (SeriesBuckets | undefined)[]> {
  return series.bucketsOf(seriesTables, sources, key, range, stepMs);
}

/** See `SeriesStore.rawOf`. */
export function rawOf(
  { series, seriesTables }: OperationContext,
  source: SourceKey,
  keys: readonly SeriesKey[],
  range: TimeRange,
): Promise<readonly (SeriesSamples | undefined)[]> {
  return series.rawOf(seriesTables, source, keys, range);
}

/** See `SeriesStore.deleteSource`. */
export function deleteSource(
  { series, seriesTables }: OperationContext,
  source: SourceKey,
): Promise<void> {
  return series.deleteSource(seriesTables, source);
}

/** One shard of `SourceSeriesStore.deleteSamples`; true when there is another one to go on with. */
export function deleteSamplesOfShard(
  { series, seriesTables }: OperationContext,
  source: SourceKey,
  range: TimeRange,
  shard: number,
): Promise<boolean> {
  return series.deleteSamples(seriesTables, source, range, shard);
}

/** See `SourceSeriesStore.countSamples`. */
export function countSamples(
  { series, seriesTables }: OperationContext,
  source: SourceKey,
  key: SeriesKey,
  range: TimeRange,
): Promise<number> {
  return series.countSamples(seriesTables, source, key, range);
}

/** See `SourceSeriesStore.bucketsOfNames`. */
export function bucketsOfNames(
  { series, seriesTables }: OperationContext,
  source: SourceKey,
  names: readonly string[],
  range: TimeRange,
  stepMs: number,
): Promise<readonly SeriesBuckets[]> {
  return series.bucketsOfNames(seriesTables, source, names, range, stepMs);
}

/** See `SourceSeriesStore.latestOf`. */
export function latestOf(
  { series, seriesTables }: OperationContext,
  source: SourceKey,
  names: readonly string[],
  since: number,
): Promise<readonly LatestSample[]> {
  return series.latestOf(seriesTables, source, names, since);
}

/** See `SourceSeriesStore.setRetention`. */
export function setRetention(
  { series, seriesTables }: OperationContext,
  sources: ReadonlyMap<SourceKey, number>,
): Promise<void> {
  return series.setRetention(seriesTables, sources);
}

/** One slice of `SeriesStore.maintain`, at most about `budgetMs` long. */
export function maintainSeries(
  { series, seriesTables }: OperationContext,
  now: number,
  budgetMs: number,
): Promise<MaintenanceSlice> {
  return series.maintain(seriesTables, now, budgetMs);
}

/** See `SeriesStore.seriesStats`. */
export function seriesStats({ series, seriesTables }: OperationContext): Promise<SeriesStats> {
  return series.stats(seriesTables);
}
