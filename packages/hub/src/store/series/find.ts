/** Which series of known sources are meant: by their own names and labels, without a selector over all series. */
import type { SeriesKey, SourceKey } from "../../model/series.ts";
import { compareText, labelsText, parseLabels } from "./labels.ts";
import type { FoundSeries } from "./select.ts";
import { shardsOf } from "./shard.ts";
import type { SeriesTables } from "./tables.ts";

/** Every key in every source, source by source; undefined where a source has no such series. */
export async function findIn(
  tables: SeriesTables,
  sources: readonly SourceKey[],
  keys: readonly SeriesKey[],
): Promise<readonly (FoundSeries | undefined)[]> {
  const rows = await shardsOf(tables, sources);
  const all = [...rows.values()].flat().map((row) => row.id);
  const slots: ReadonlyMap<number, number>[] = [];
  for (const { name, labels } of keys) {
    const found = await tables.findSeries(all, name, labelsText(labels));
    slots.push(new Map(found.map((row) => [row.sourceId, row.slot])));
  }
  return sources.flatMap((source) =>
    keys.map((key, i) => {
      const sourceId = rows.get(source)?.find(({ id }) => slots[i]?.has(id) === true)?.id;
      const slot = sourceId === undefined ? undefined : slots[i]?.get(sourceId);
      return sourceId === undefined || slot === undefined ? undefined : { sourceId, slot, key };
    }),
  );
}

/** Every series of one source with one of these names, sorted by name and labels; keys hold its own labels. */
export async function findNames(
  tables: SeriesTables,
  source: SourceKey,
  names: readonly string[],
): Promise<readonly FoundSeries[]> {
  const ids = ((await shardsOf(tables, [source])).get(source) ?? []).map((row) => row.id);
  const rows = await tables.seriesNamedIn(ids, [...new Set(names)]);
  return rows
    .toSorted((a, b) => compareText(a.name, b.name) || compareText(a.labels, b.labels))
    .map(({ sourceId, slot, name, labels }) => ({
      sourceId,
      slot,
      key: { name, labels: parseLabels(labels) },
    }));
}
