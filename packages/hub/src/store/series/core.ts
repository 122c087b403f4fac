/**
 * The series store without a database: what is kept how (`FORMAT.md`), and how it is appended, merged, read and
 * dropped. One per store thread; which functions a thread calls is up to it. See `tables.ts` for the rows underneath and
 * for the transactions that each call runs in.
 */
import { AppError } from "../../model/error.ts";
import { isImportSource, shardOf } from "./shard.ts";
import type { SeriesKey, SourceKey } from "../../model/series.ts";
import { acceptedTimes, BatchWriter } from "./append.ts";
import { Catalogue } from "./catalogue.ts";
import { labelsText } from "./labels.ts";
import { Maintainer } from "./maintain.ts";
import type { SeriesCore, SeriesCoreSettings } from "./port.ts";
import { readBuckets, readSamples } from "./read.ts";
import { SeriesSelection, type FoundSeries } from "./select.ts";
import type { SeriesTables } from "./tables.ts";

/** Makes the core of one thread. */
export function createSeriesCore(settings: SeriesCoreSettings): SeriesCore {
  const { retention, now } = settings;
  const catalogue = new Catalogue();
  const writer = new BatchWriter(catalogue);
  const selection = new SeriesSelection();
  const maintainer = new Maintainer({
    retention,
    monotonicMs: settings.monotonicMs ?? (() => performance.now()),
  });
  return {
    async append(tables, frames) {
      const horizon = retention.maxBytes === null ? -Infinity : await tables.rawHorizon();
      return writer.append(tables, frames, acceptedTimes(now(), retention.rawMs, horizon));
    },
    async listSeries(tables, match, limit) {
      return (await selection.find(tables, match, limit)).map(({ key }) => key);
    },
    async raw(tables, match, range, limit) {
      return readSamples(tables, await selection.find(tables, match, limit), range);
    },
    async buckets(tables, match, range, stepMs, limit) {
      checkStep(stepMs);
      return readBuckets(tables, await selection.find(tables, match, limit), range, stepMs);
    },
    async bucketsOf(tables, sources, key, range, stepMs) {
      checkStep(stepMs);
      const found = await findIn(tables, sources, [key]);
      const series = found.flatMap((one) => one ?? []);
      const buckets = await readBuckets(tables, series, range, stepMs);
      return inPlaces(found, buckets);
    },
    async rawOf(tables, source, keys, range) {
      const found = await findIn(tables, [source], keys);
      const samples = await readSamples(
        tables,
        found.flatMap((one) => one ?? []),
        range,
      );
      return inPlaces(found, samples);
    },
    async deleteSource(tables, source) {
      for (const row of await shardsOf(tables, source)) {
        catalogue.forget(row.key);
        await tables.deleteSource(row.id);
      }
    },
    maintain: (tables, at, budgetMs) => maintainer.slice(tables, at, budgetMs),
    async stats(tables) {
      const totals = await tables.totals();
      return {
        series: totals.series,
        samples: totals.samples,
        bytes: totals.databaseBytes,
        chunkBytes: totals.chunkBytes,
        rollupBytes: totals.rollupBytes,
        writeAheadBytes: totals.batchBytes,
      };
    },
  };
}

function checkStep(stepMs: number): void {
  if (Number.isSafeInteger(stepMs) && stepMs > 0) return;
  throw new AppError("invalid", `a step of ${stepMs} ms, expected a whole number above 0`);
}

/** Every key in every source, source by source; undefined where a source has no such series. */
async function findIn(
  tables: SeriesTables,
  sources: readonly SourceKey[],
  keys: readonly SeriesKey[],
): Promise<readonly (FoundSeries | undefined)[]> {
  const ids = new Map<SourceKey, readonly number[]>();
  const plain = sources.filter((source) => !isImportSource(source));
  for (const row of await tables.sources([...new Set(plain)], false)) ids.set(row.key, [row.id]);
  for (const source of sources.filter(isImportSource)) {
    ids.set(
      source,
      (await shardsOf(tables, source)).map((row) => row.id),
    );
  }
  const all = [...new Set([...ids.values()].flat())];
  const slots: ReadonlyMap<number, number>[] = [];
  for (const { name, labels } of keys) {
    const rows = await tables.findSeries(all, name, labelsText(labels));
    slots.push(new Map(rows.map((row) => [row.sourceId, row.slot])));
  }
  return sources.flatMap((source) =>
    keys.map((key, i) => {
      const sourceId = ids.get(source)?.find((id) => slots[i]?.has(id) === true);
      const slot = sourceId === undefined ? undefined : slots[i]?.get(sourceId);
      return sourceId === undefined || slot === undefined ? undefined : { sourceId, slot, key };
    }),
  );
}

/** The source's row, with those of its shards where it may have some. */
async function shardsOf(
  tables: SeriesTables,
  source: SourceKey,
): Promise<readonly { readonly id: number; readonly key: SourceKey }[]> {
  const rows: { readonly id: number; readonly key: SourceKey }[] = [];
  for (let shard = 0; ; shard += 1) {
    const [row] = await tables.sources([shardOf(source, shard)], false);
    if (row === undefined) return rows;
    rows.push(row);
    if (!isImportSource(source)) return rows;
  }
}

/** Puts results, which are only there for what was found, where they belong. */
function inPlaces<T>(
  found: readonly (FoundSeries | undefined)[],
  results: readonly T[],
): readonly (T | undefined)[] {
  let next = 0;
  return found.map((one) => (one === undefined ? undefined : results[next++]));
}
