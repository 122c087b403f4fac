/**
 * Sources of what others push (`import:<job>/<instance>`, `host:<id>`) are cut into shards when they grow, because
 * nothing, or a large bound, holds what is pushed: what is read and sealed together stays small.
 *
 * Shards are numbered without holes: one is made when the one before is full, and deleted only after those behind it.
 */
import type { SourceKey } from "../../model/series.ts";
import type { SeriesTables, SourceRow } from "./tables.ts";

/** Series that a shard takes. */
export const seriesPerShard = 512;

/** Whether a source may have shards. */
export function mayHaveShards(source: SourceKey): boolean {
  return source.startsWith("import:") || source.startsWith("host:");
}

/** The source that holds a shard; the first is the source itself. */
export function shardOf(source: SourceKey, shard: number): SourceKey {
  return shard === 0 ? source : `${source}#${shard}`;
}

/** The rows of each source, in the order of its shards; none for a source that does not exist. */
export async function shardsOf(
  tables: SeriesTables,
  sources: readonly SourceKey[],
): Promise<ReadonlyMap<SourceKey, readonly SourceRow[]>> {
  const found = new Map<SourceKey, SourceRow[]>();
  let asked: readonly SourceKey[] = [...new Set(sources)];
  for (let shard = 0; asked.length > 0; shard += 1) {
    const keys = asked.map((source) => shardOf(source, shard));
    const rows = new Map((await tables.sources(keys, false)).map((row) => [row.key, row]));
    const full: SourceKey[] = [];
    for (const source of asked) {
      const row = rows.get(shardOf(source, shard));
      if (row === undefined) continue;
      const list = found.get(source) ?? [];
      list.push(row);
      found.set(source, list);
      if (row.slots >= seriesPerShard && mayHaveShards(source)) full.push(source);
    }
    asked = full;
  }
  return found;
}

/**
 * Of sources that nothing is left of, those that may go: not a shard that another stands behind. What stands behind
 * it in the same list comes before it.
 */
export async function deletable(
  tables: SeriesTables,
  empty: readonly SourceRow[],
): Promise<readonly SourceRow[]> {
  const byKey = new Map(empty.map((row) => [row.key, row]));
  const behind = new Map(empty.map((row) => [row.key, keysBehind(row.key)]));
  const there = new Set(
    (await tables.sources([...new Set([...behind.values()].flat())], false)).map((row) => row.key),
  );
  const order = new Set<SourceRow>();
  let before: number;
  do {
    before = order.size;
    for (const [key, row] of byKey) {
      if (behind.get(key)?.some((one) => there.has(one)) === true) continue;
      order.add(row);
      there.delete(key);
      byKey.delete(key);
    }
  } while (order.size > before);
  return [...order];
}

/** The shard behind a source, whether the source is a shard itself or its name only looks like one. */
function keysBehind(key: SourceKey): readonly SourceKey[] {
  if (!mayHaveShards(key)) return [];
  const match = /^(.*)#(\d+)$/.exec(key);
  const [, base, shard] = match ?? [];
  const next = base === undefined ? [] : [shardOf(base, Number(shard) + 1)];
  return [shardOf(key, 1), ...next];
}
