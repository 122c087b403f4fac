/** Which source a pushed sample belongs to when nobody names one. */
import type { SeriesKey, SourceKey } from "./series.ts";

const prefix = "import:";

/** The source of an imported series: what one job scraped from one instance is sampled together. */
export function sourceOf(key: SeriesKey): SourceKey {
  return `${prefix}${key.labels["job"] ?? ""}/${key.labels["instance"] ?? ""}`;
}

/** Imported sources are cut into shards when they grow, because nothing bounds what is pushed. */
export function isImportSource(source: SourceKey): boolean {
  return source.startsWith(prefix);
}

/** Series that a shard of an imported source takes. */
export const seriesPerShard = 512;

/** The source that holds a shard; the first is the source itself. */
export function shardOf(source: SourceKey, shard: number): SourceKey {
  return shard === 0 ? source : `${source}#${shard}`;
}
