/**
 * Imported sources (`import:<job>/<instance>`) are cut into shards when they grow, because nothing bounds what is
 * pushed: what is read and sealed together stays small.
 */
import type { SourceKey } from "../../model/series.ts";

/** Whether a source may have shards. */
export function isImportSource(source: SourceKey): boolean {
  return source.startsWith("import:");
}

/** Series that a shard takes. */
export const seriesPerShard = 512;

/** The source that holds a shard; the first is the source itself. */
export function shardOf(source: SourceKey, shard: number): SourceKey {
  return shard === 0 ? source : `${source}#${shard}`;
}
