/**
 * The series store without a database: what is kept how (`FORMAT.md`), and how it is appended, merged, read and
 * dropped. One per store thread; which functions a thread calls is up to it. See `tables.ts` for the rows underneath and
 * for the transactions that each call runs in.
 */
import { AppError } from "../../model/error.ts";
import { acceptedTimes, BatchWriter } from "./append.ts";
import { Catalogue } from "./catalogue.ts";
import { Maintainer } from "./maintain.ts";
import type { SeriesCore, SeriesCoreSettings } from "./port.ts";
import { deleteRange } from "./delete.ts";
import { readLatest } from "./latest.ts";
import { countInstants } from "./count.ts";
import { readBuckets, readSamples } from "./read.ts";
import { keptOf, setRetention, SourceRetention } from "./retention.ts";
import { findIn, findNames } from "./find.ts";
import { SeriesSelection, type FoundSeries } from "./select.ts";
import { mayHaveShards, shardOf, shardsOf } from "./shard.ts";

/** Makes the core of one thread. */
export function createSeriesCore(settings: SeriesCoreSettings): SeriesCore {
  return { ...createReads(), ...createWrites(settings) };
}

type Writes = Pick<
  SeriesCore,
  "append" | "deleteSource" | "deleteSamples" | "setRetention" | "maintain"
>;

function createWrites({ retention, now, monotonicMs }: SeriesCoreSettings): Writes {
  const catalogue = new Catalogue();
  const writer = new BatchWriter(catalogue);
  const sources = new SourceRetention();
  const maintainer = new Maintainer({
    retention,
    sources,
    monotonicMs: monotonicMs ?? (() => performance.now()),
  });
  return {
    async append(tables, frames) {
      const { horizon, retentionStamp } = await tables.limits();
      const own = await sources.at(tables, retentionStamp);
      const dropped = retention.maxBytes === null ? -Infinity : horizon;
      const at = now();
      return writer.append(tables, frames, (source) =>
        acceptedTimes(at, own.get(source) ?? retention.rawMs, dropped),
      );
    },
    async deleteSource(tables, source) {
      // From the last to the first, so that no shard is ever without those before it.
      for (const row of ((await shardsOf(tables, [source])).get(source) ?? []).toReversed()) {
        catalogue.forget(row.key);
        await tables.deleteSource(row.id);
      }
    },
    async deleteSamples(tables, source, range, shard) {
      const [row] = await tables.sources([shardOf(source, shard)], false);
      if (row === undefined) return false;
      const own = await sources.at(tables, (await tables.limits()).retentionStamp);
      await deleteRange(tables, row.id, range, now(), keptOf(retention, own.get(source)));
      maintainer.deleted();
      return mayHaveShards(source);
    },
    setRetention,
    maintain: (tables, at, budgetMs) => maintainer.slice(tables, at, budgetMs),
  };
}

function createReads(): Omit<SeriesCore, keyof Writes> {
  const selection = new SeriesSelection();
  return {
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
    async bucketsOfNames(tables, source, names, range, stepMs) {
      checkStep(stepMs);
      return readBuckets(tables, await findNames(tables, source, names), range, stepMs);
    },
    async rawOf(tables, source, keys, range) {
      const found = await findIn(tables, [source], keys);
      const series = found.flatMap((one) => one ?? []);
      return inPlaces(found, await readSamples(tables, series, range));
    },
    async countSamples(tables, source, key, range) {
      const [found] = await findIn(tables, [source], [key]);
      return found === undefined ? 0 : countInstants(tables, found, range);
    },
    async latestOf(tables, source, names, since) {
      return readLatest(tables, await findNames(tables, source, names), since);
    },
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

/** Puts results, which are only there for what was found, where they belong. */
function inPlaces<T>(
  found: readonly (FoundSeries | undefined)[],
  results: readonly T[],
): readonly (T | undefined)[] {
  let next = 0;
  return found.map((one) => (one === undefined ? undefined : results[next++]));
}
