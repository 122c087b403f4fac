/** The tables of series on SQLite: prepared statements on one handle, which the caller has in a transaction. */
import { statSync } from "node:fs";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { AppError } from "../../model/error.ts";
import { groupsPerBlock } from "../series/schema.ts";
import {
  bytesIn,
  levelIn,
  numberIn,
  openWindow,
  sourceRow,
  textIn,
  type Row,
} from "../series/rows.ts";
import type { NewBlock, OwnedSeriesRow, SeriesTables, TableTotals } from "../series/tables.ts";

/** Makes the port on a handle. Statements are prepared at first use, so the tables may be made later. */
export function createSqliteSeriesTables(database: DatabaseSync): SeriesTables {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const all = (sql: string, ...values: SQLInputValue[]): readonly Row[] =>
    prepared(sql).all(...values);
  const run = (sql: string, ...values: SQLInputValue[]): number =>
    Number(prepared(sql).run(...values).changes);
  const handle: Handle = { database, all, run, prepared };
  return { ...sourcesOf(handle), ...seriesIn(handle), ...chunksOf(handle), ...retentionOf(handle) };
}

interface Handle {
  readonly database: DatabaseSync;
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[];
  /** Gives the number of rows that changed. */
  readonly run: (sql: string, ...values: SQLInputValue[]) => number;
  readonly prepared: (sql: string) => StatementSync;
}

type Sources = Pick<
  SeriesTables,
  "sources" | "createSource" | "setSourceLabels" | "lockSource" | "deleteSource"
>;

function sourcesOf({ all, run, prepared }: Handle): Sources {
  return {
    async sources(keys) {
      const statement = prepared(
        "select id, key, labels, slots, stamp from series_source where key = ?",
      );
      return keys.flatMap((key) => statement.all(key).map(sourceRow));
    },
    async createSource(key, labels) {
      run(
        "insert into series_source (key, labels, slots, stamp) values (?, ?, 0, 0) on conflict do nothing",
        key,
        labels,
      );
      const [row] = all(
        "select id, key, labels, slots, stamp from series_source where key = ?",
        key,
      );
      if (row === undefined) throw new Error(`the source ${key} vanished within a transaction`);
      return sourceRow(row);
    },
    async setSourceLabels(id, labels) {
      run("update series_source set labels = ? where id = ?", labels, id);
    },
    // The one writer is the lock.
    async lockSource(id) {
      const [row] = all("select id, key, labels, slots, stamp from series_source where id = ?", id);
      return row === undefined ? undefined : sourceRow(row);
    },
    async deleteSource(id) {
      run("delete from series_batch where source_id = ?", id);
      for (const row of all("select id from series_block where source_id = ?", id)) {
        deleteBlock(run, numberIn(row, "id"));
      }
      run("delete from series where source_id = ?", id);
      run("delete from series_source where id = ?", id);
    },
  };
}

type Series = Pick<SeriesTables, "seriesOf" | "addSeries" | "names" | "seriesNamed" | "findSeries">;

function seriesIn({ all, run, prepared }: Handle): Series {
  return {
    async seriesOf(sourceId) {
      const rows = all(
        "select slot, name, labels from series where source_id = ? order by slot",
        sourceId,
      );
      return rows.map((row) => ({
        slot: numberIn(row, "slot"),
        name: textIn(row, "name"),
        labels: textIn(row, "labels"),
      }));
    },
    async addSeries(sourceId, rows, slots) {
      const sql = "insert into series (source_id, slot, name, labels) values (?, ?, ?, ?)";
      for (const { slot, name, labels } of rows) run(sql, sourceId, slot, name, labels);
      const [row] = all(
        `update series_source set slots = ?, stamp = (random() & ${2 ** 48 - 1}) where id = ? returning stamp`,
        slots,
        sourceId,
      );
      return numberIn(row, "stamp");
    },
    async names() {
      // One step per name instead of one per series.
      const rows = all(`
        with recursive found (name) as (
          select min(name) from series
          union all
          select (select min(name) from series where name > found.name) from found where found.name is not null
        )
        select name from found where name is not null`);
      return rows.map((row) => textIn(row, "name"));
    },
    async seriesNamed(names) {
      const statement = prepared(`
        select series.slot, series.labels, series_source.id, series_source.key, series_source.labels as source_labels,
          series_source.slots, series_source.stamp
        from series join series_source on series_source.id = series.source_id
        where series.name = ?`);
      return names.flatMap((name) => statement.all(name).map((row) => ownedSeriesOf(row, name)));
    },
    async findSeries(sourceIds, name, labels) {
      const statement = prepared(
        "select slot from series where source_id = ? and name = ? and labels = ?",
      );
      return sourceIds.flatMap((sourceId) =>
        statement
          .all(sourceId, name, labels)
          .map((row) => ({ sourceId, slot: numberIn(row, "slot") })),
      );
    },
  };
}

type Chunks = Pick<
  SeriesTables,
  "insertBatches" | "batches" | "blocks" | "groups" | "openWindows" | "replace"
>;

function chunksOf({ all, run, prepared }: Handle): Chunks {
  return {
    async insertBatches(rows) {
      const statement = prepared(
        "insert into series_batch (source_id, window_start, samples, data) values (?, ?, ?, ?)",
      );
      for (const { sourceId, windowStart, samples, data } of rows) {
        statement.run(sourceId, windowStart, samples, data);
      }
    },
    async batches(sourceIds, from, to) {
      const statement = prepared(`
        select id, window_start, data from series_batch
        where source_id = ? and window_start between ? and ? order by id`);
      return sourceIds.flatMap((sourceId) =>
        statement.all(sourceId, from, to).map((row) => ({
          id: numberIn(row, "id"),
          sourceId,
          windowStart: numberIn(row, "window_start"),
          data: bytesIn(row, "data"),
        })),
      );
    },
    async blocks(sourceIds, resolution, from, to) {
      const statement = prepared(`
        select id, window_start, level, head from series_block
        where source_id = ? and resolution = ? and window_start between ? and ?
        order by window_start, level desc, id`);
      return sourceIds.flatMap((sourceId) =>
        statement.all(sourceId, resolution, from, to).map((row) => ({
          id: numberIn(row, "id"),
          sourceId,
          windowStart: numberIn(row, "window_start"),
          level: levelIn(row),
          head: bytesIn(row, "head"),
        })),
      );
    },
    async groups(places) {
      const statement = prepared("select data from series_group where id = ?");
      return places.map(({ blockId, group }) => {
        const row = statement.get(blockId * groupsPerBlock + group);
        if (row === undefined) throw new Error(`group ${group} of block ${blockId} is missing`);
        return bytesIn(row, "data");
      });
    },
    async openWindows(sourceIds) {
      if (sourceIds === null)
        return [...all(openBatches("")), ...all(openBlocks(""))].map(openWindow);
      const batches = prepared(openBatches("where source_id = ?"));
      const blocks = prepared(openBlocks("and source_id = ?"));
      return sourceIds.flatMap((id) => [...batches.all(id), ...blocks.all(id)].map(openWindow));
    },
    async replace({ batches, blocks, inserts }) {
      for (const id of batches) {
        if (run("delete from series_batch where id = ?", id) !== 1) throw gone("batch", id);
      }
      for (const id of blocks) if (!deleteBlock(run, id)) throw gone("block", id);
      for (const block of inserts) insertBlock(prepared, block);
    },
  };
}

type Retention = Pick<
  SeriesTables,
  "dropWindows" | "oldestWindow" | "deleteEmptySources" | "rawHorizon" | "setRawHorizon" | "totals"
>;

function retentionOf({ database, all, run }: Handle): Retention {
  return {
    async dropWindows(resolution, before, limit) {
      const blocks = all(
        "select id from series_block where resolution = ? and window_start < ? order by window_start limit ?",
        resolution,
        before,
        limit,
      );
      for (const row of blocks) deleteBlock(run, numberIn(row, "id"));
      if (resolution !== 0) return blocks.length;
      const batches = run(
        "delete from series_batch where id in (select id from series_batch where window_start < ? limit ?)",
        before,
        limit,
      );
      return blocks.length + batches;
    },
    async oldestWindow(resolution) {
      const [row] = all(
        `select min(window_start) as oldest from series_block where resolution = ?`,
        resolution,
      );
      const oldest = row?.["oldest"];
      return typeof oldest === "number" ? oldest : undefined;
    },
    async deleteEmptySources() {
      const rows = all(
        `select id from series_source
        where not exists (select 1 from series_batch where source_id = series_source.id)
          and not exists (select 1 from series_block where source_id = series_source.id)`,
      );
      for (const row of rows) {
        run("delete from series where source_id = ?", numberIn(row, "id"));
        run("delete from series_source where id = ?", numberIn(row, "id"));
      }
    },
    async rawHorizon() {
      const [row] = all("select dropped_before from series_horizon where resolution = 0");
      return row === undefined ? -Infinity : numberIn(row, "dropped_before");
    },
    async setRawHorizon(before) {
      run(
        `insert into series_horizon (resolution, dropped_before) values (0, ?)
        on conflict (resolution) do update set dropped_before = max(dropped_before, excluded.dropped_before)`,
        before,
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

const openBatches = (where: string): string => `
  select source_id, 0 as resolution, window_start, 0 as level, count(*) as rows
  from series_batch ${where} group by source_id, window_start`;

const openBlocks = (where: string): string => `
  select source_id, resolution, window_start, level, count(*) as rows
  from series_block where level < 3 ${where} group by source_id, resolution, window_start, level`;

function deleteBlock(run: Handle["run"], id: number): boolean {
  run(
    "delete from series_group where id >= ? and id < ?",
    id * groupsPerBlock,
    (id + 1) * groupsPerBlock,
  );
  return run("delete from series_block where id = ?", id) === 1;
}

function insertBlock(prepared: Handle["prepared"], block: NewBlock): void {
  const { sourceId, resolution, windowStart, level, samples, head, groups } = block;
  if (groups.length > groupsPerBlock) throw new Error(`a block has ${groups.length} groups`);
  const bytes = groups.reduce((sum, group) => sum + group.length, head.length);
  const id = nextBlockId(prepared, laneOf(block));
  prepared(
    `insert into series_block (id, source_id, resolution, window_start, level, samples, data_bytes, head)
    values (?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(id, sourceId, resolution, windowStart, level, samples, bytes, head);
  const insert = prepared("insert into series_group (id, data) values (?, ?)");
  for (const [place, group] of groups.entries()) {
    insert.run(id * groupsPerBlock + place, group);
  }
}

/** Ids of a lane. The id of a group must stay below 2^53. */
const idsPerLane = 2 ** 37;

/**
 * Rows lie in the order of their ids, so what lives equally long gets ids from one lane: when pieces are merged, or a
 * month is dropped, whole pages become free instead of holes between rows that stay.
 */
function laneOf({ level, resolution }: NewBlock): number {
  if (level === 3) return 1 + resolution;
  return level === 2 && resolution === 2 ? 4 : 0;
}

/** Above all ids that are there, so that of two blocks the later has the higher id. */
function nextBlockId(prepared: Handle["prepared"], lane: number): number {
  const first = lane * idsPerLane;
  const row = prepared("select max(id) as last from series_block where id between ? and ?").get(
    first,
    first + idsPerLane - 1,
  );
  const last = row?.["last"];
  return typeof last === "number" ? last + 1 : first;
}

function gone(what: string, id: number): AppError {
  return new AppError("conflict", `${what} ${id} of the series was replaced by another hub`);
}

function ownedSeriesOf(row: Row, name: string): OwnedSeriesRow {
  return {
    slot: numberIn(row, "slot"),
    name,
    labels: textIn(row, "labels"),
    source: {
      id: numberIn(row, "id"),
      key: textIn(row, "key"),
      labels: textIn(row, "source_labels"),
      slots: numberIn(row, "slots"),
      stamp: numberIn(row, "stamp"),
    },
  };
}
