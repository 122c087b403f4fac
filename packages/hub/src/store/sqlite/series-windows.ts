/** Windows as retention sees them, and what is kept of retention itself, on SQLite. */
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { limitsIn, numberIn, optionalNumberIn, textIn, type Row } from "../series/rows.ts";
import { limitsSql } from "../series/schema.ts";
import type { SeriesTables, TableTotals } from "../series/tables.ts";
import { deleteBlock, type Handle } from "./series-handle.ts";

type Windows = Pick<
  SeriesTables,
  "windowsFrom" | "dropWindows" | "deleteWindows" | "oldestWindow" | "oldestWindowOf"
>;

export function windowsIn({ all, run, prepared }: Handle): Windows {
  return {
    async windowsFrom(sourceId, from) {
      const rows = all(
        `select window_start from series_block where source_id = ?1 and resolution = 0 and window_start >= ?2
        union
        select window_start from series_batch where source_id = ?1 and window_start >= ?2
        order by window_start desc`,
        sourceId,
        from,
      );
      return rows.map((row) => numberIn(row, "window_start"));
    },
    async dropWindows(resolution, before, limit, which) {
      const [condition, ids] = conditionOf(which);
      // Source by source: by age alone, all that others keep for longer would be passed over each time.
      const blocks = all(
        `select block.id from series_source as source cross join series_block as block
          on block.source_id = source.id and block.resolution = ? and block.window_start < ?
        where source.${condition} limit ?`,
        resolution,
        before,
        ids,
        limit,
      );
      for (const row of blocks) deleteBlock(run, numberIn(row, "id"));
      if (resolution !== 0) return blocks.length;
      const batches = run(
        `delete from series_batch where id in (
          select batch.id from series_source as source cross join series_batch as batch
            on batch.source_id = source.id and batch.window_start < ?
          where source.${condition} limit ?)`,
        before,
        ids,
        limit,
      );
      return blocks.length + batches;
    },
    async deleteWindows(sourceId, resolution, from, to) {
      const blocks = all(
        "select id from series_block where source_id = ? and resolution = ? and window_start between ? and ?",
        sourceId,
        resolution,
        from,
        to,
      );
      for (const row of blocks) deleteBlock(run, numberIn(row, "id"));
      if (resolution !== 0) return;
      run(
        "delete from series_batch where source_id = ? and window_start between ? and ?",
        sourceId,
        from,
        to,
      );
    },
    async oldestWindow(resolution) {
      const [row] = all(
        `select min(window_start) as oldest from series_block where resolution = ?`,
        resolution,
      );
      return optionalNumberIn(row, "oldest") ?? undefined;
    },
    async oldestWindowOf(resolution, sourceIds) {
      const statement = prepared(
        "select min(window_start) as oldest from series_block where source_id = ? and resolution = ?",
      );
      return sourceIds.map(
        (id) => optionalNumberIn(statement.get(id, resolution), "oldest") ?? undefined,
      );
    },
  };
}

/** A condition on a source's `id`, with its parameter: ids as JSON. */
function conditionOf(which: Parameters<SeriesTables["dropWindows"]>[3]): [string, string] {
  return "only" in which
    ? ["id in (select value from json_each(?))", JSON.stringify(which.only)]
    : ["id not in (select value from json_each(?))", JSON.stringify(which.except)];
}

type Limits = Pick<
  SeriesTables,
  "limits" | "setRawHorizon" | "retentionText" | "setRetentionText" | "totals"
>;

export function limitsOf({ database, all, run }: Handle): Limits {
  return {
    async limits() {
      return limitsIn(all(limitsSql)[0]);
    },
    async setRawHorizon(before) {
      run(
        `insert into series_horizon (resolution, dropped_before) values (0, ?)
        on conflict (resolution) do update set dropped_before = max(dropped_before, excluded.dropped_before)`,
        before,
      );
    },
    async retentionText() {
      const [row] = all("select sources from series_retention where place = 0");
      return row === undefined ? undefined : textIn(row, "sources");
    },
    async setRetentionText(text) {
      run(
        `insert into series_retention (place, stamp, sources) values (0, random() & ${2 ** 48 - 1}, ?)
        on conflict (place) do update set stamp = excluded.stamp, sources = excluded.sources`,
        text,
      );
    },
    async totals() {
      const [row] = all(totalsSql);
      if (row === undefined) throw new Error("a statement of one row gave none");
      return totalsOf(row, databaseBytes(database));
    },
  };
}

const totalsSql = `
  select
    (select count(*) from series) as series,
    (select coalesce(sum(samples), 0) from series_batch) as batch_samples,
    (select coalesce(sum(length(data)), 0) from series_batch) as batch_bytes,
    coalesce(sum(case when resolution = 0 then samples end), 0) as block_samples,
    coalesce(sum(case when resolution = 0 then data_bytes end), 0) as chunk_bytes,
    coalesce(sum(case when resolution > 0 then data_bytes end), 0) as rollup_bytes
  from series_block`;

function totalsOf(row: Row, bytes: number): TableTotals {
  return {
    series: numberIn(row, "series"),
    samples: numberIn(row, "batch_samples") + numberIn(row, "block_samples"),
    batchBytes: numberIn(row, "batch_bytes"),
    chunkBytes: numberIn(row, "chunk_bytes"),
    rollupBytes: numberIn(row, "rollup_bytes"),
    databaseBytes: bytes,
  };
}

/** The file with its free pages, and its write-ahead log as it is on the disk now. */
function databaseBytes(database: DatabaseSync): number {
  const pages = database.prepare("pragma page_count").get();
  const size = database.prepare("pragma page_size").get();
  const file = database.location();
  const log = file === null ? undefined : statSync(`${file}-wal`, { throwIfNoEntry: false });
  return numberIn(pages, "page_count") * numberIn(size, "page_size") + (log?.size ?? 0);
}
