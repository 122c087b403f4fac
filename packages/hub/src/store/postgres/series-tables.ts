/**
 * The tables of series on PostgreSQL, in the transaction that the caller has begun. The lock of a source is the lock
 * on its row: taken for the transaction that needs it, let go with it, and gone with a hub that dies.
 */
import { CompiledQuery, type Kysely } from "kysely";
import { AppError } from "../../model/error.ts";
import {
  bytesIn,
  levelIn,
  numberIn,
  openWindow,
  sourceRow,
  textIn,
  type Row,
} from "../series/rows.ts";
import { groupsPerBlock } from "../series/schema.ts";
import type { NewBatch, NewBlock, SeriesTables } from "../series/tables.ts";

/** Runs one statement; gives its rows and how many it changed. */
type Query = (
  text: string,
  ...values: readonly unknown[]
) => Promise<{ readonly rows: readonly Row[]; readonly changed: number }>;

/** Makes the port on a transaction; cheap, to be made anew for each. */
export function createPostgresSeriesTables(transaction: Kysely<unknown>): SeriesTables {
  const query: Query = async (text, ...values) => {
    const result = await transaction.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
    return { rows: result.rows, changed: Number(result.numAffectedRows ?? 0) };
  };
  return { ...sourcesOf(query), ...seriesIn(query), ...chunksOf(query), ...retentionOf(query) };
}

type Sources = Pick<
  SeriesTables,
  "sources" | "createSource" | "setSourceLabels" | "lockSource" | "deleteSource"
>;

/** Another hub may delete a source between the two statements that make it. */
const createAttempts = 5;

const sourceColumns = "id, key, labels, slots, stamp";

function sourcesOf(query: Query): Sources {
  return {
    async sources(keys, forAppend) {
      const lock = forAppend ? "for key share" : "";
      const { rows } = await query(
        `select ${sourceColumns} from series_source where key = any($1::text[]) order by key ${lock}`,
        keys,
      );
      return rows.map(sourceRow);
    },
    async createSource(key, labels) {
      for (let attempt = 1; attempt <= createAttempts; attempt += 1) {
        // Waits for another transaction that makes the same source; then does nothing, and the row is there to be read.
        await query(
          `insert into series_source (key, labels, slots, stamp) values ($1, $2, 0, 0)
          on conflict (key) do nothing`,
          key,
          labels,
        );
        const { rows } = await query(
          `select ${sourceColumns} from series_source where key = $1 for key share`,
          key,
        );
        const [row] = rows;
        if (row !== undefined) return sourceRow(row);
      }
      throw new AppError("conflict", `the source ${key} is deleted again and again`);
    },
    async setSourceLabels(id, labels) {
      await query("update series_source set labels = $1 where id = $2", labels, id);
    },
    async lockSource(id, mode) {
      const { rows } = await query(
        `select ${sourceColumns} from series_source where id = $1
        for no key update ${mode === "skip" ? "skip locked" : ""}`,
        id,
      );
      const [row] = rows;
      return row === undefined ? undefined : sourceRow(row);
    },
    async deleteSource(id) {
      // Who appends to it holds its key; who merges it, its row: both are waited for.
      await query("select 1 from series_source where id = $1 for update", id);
      await deleteRowsOf(query, id);
    },
  };
}

async function deleteRowsOf(query: Query, id: number): Promise<void> {
  await query("delete from series_batch where source_id = $1", id);
  const { rows } = await query("select id from series_block where source_id = $1", id);
  await deleteBlocks(
    query,
    rows.map((row) => numberIn(row, "id")),
  );
  await query("delete from series where source_id = $1", id);
  await query("delete from series_source where id = $1", id);
}

type Series = Pick<SeriesTables, "seriesOf" | "addSeries" | "names" | "seriesNamed" | "findSeries">;

function seriesIn(query: Query): Series {
  return {
    async seriesOf(sourceId) {
      const { rows } = await query(
        "select slot, name, labels from series where source_id = $1 order by slot",
        sourceId,
      );
      return rows.map((row) => ({
        slot: numberIn(row, "slot"),
        name: textIn(row, "name"),
        labels: textIn(row, "labels"),
      }));
    },
    async addSeries(sourceId, added, slots) {
      await query(
        `insert into series (source_id, slot, name, labels)
        select $1, * from unnest($2::bigint[], $3::text[], $4::text[])`,
        sourceId,
        added.map((row) => row.slot),
        added.map((row) => row.name),
        added.map((row) => row.labels),
      );
      const { rows } = await query(
        `update series_source set slots = $1, stamp = floor(random() * ${2 ** 48})::bigint
        where id = $2 returning stamp`,
        slots,
        sourceId,
      );
      return numberIn(rows[0], "stamp");
    },
    async names() {
      // One step per name instead of one per series.
      const { rows } = await query(`
        with recursive found (name) as (
          select min(name) from series
          union all
          select (select min(name) from series where name > found.name) from found where found.name is not null
        )
        select name from found where name is not null`);
      return rows.map((row) => textIn(row, "name"));
    },
    async seriesNamed(names) {
      const { rows } = await query(
        `select series.slot, series.name, series.labels as own_labels, series_source.*
        from series join series_source on series_source.id = series.source_id
        where series.name = any($1::text[])`,
        names,
      );
      return rows.map((row) => ({
        slot: numberIn(row, "slot"),
        name: textIn(row, "name"),
        labels: textIn(row, "own_labels"),
        source: sourceRow(row),
      }));
    },
    async findSeries(sourceIds, name, labels) {
      const { rows } = await query(
        `select source_id, slot from series
        where source_id = any($1::bigint[]) and name = $2 and labels = $3`,
        sourceIds,
        name,
        labels,
      );
      return rows.map((row) => ({
        sourceId: numberIn(row, "source_id"),
        slot: numberIn(row, "slot"),
      }));
    },
  };
}

type Chunks = Pick<
  SeriesTables,
  "insertBatches" | "batches" | "blocks" | "groups" | "openWindows" | "replace"
>;

function chunksOf(query: Query): Chunks {
  return {
    async insertBatches(rows) {
      for (let at = 0; at < rows.length; at += rowsPerInsert) {
        await insertBatches(query, rows.slice(at, at + rowsPerInsert));
      }
    },
    async batches(sourceIds, from, to) {
      const { rows } = await query(
        `select id, source_id, window_start, data from series_batch
        where source_id = any($1::bigint[]) and window_start between $2 and $3 order by source_id, id`,
        sourceIds,
        from,
        to,
      );
      return rows.map((row) => ({
        id: numberIn(row, "id"),
        sourceId: numberIn(row, "source_id"),
        windowStart: numberIn(row, "window_start"),
        data: bytesIn(row, "data"),
      }));
    },
    async blocks(sourceIds, resolution, from, to) {
      const { rows } = await query(
        `select id, source_id, window_start, level, head from series_block
        where source_id = any($1::bigint[]) and resolution = $2 and window_start between $3 and $4
        order by source_id, window_start, level desc, id`,
        sourceIds,
        resolution,
        from,
        to,
      );
      return rows.map((row) => ({
        id: numberIn(row, "id"),
        sourceId: numberIn(row, "source_id"),
        windowStart: numberIn(row, "window_start"),
        level: levelIn(row),
        head: bytesIn(row, "head"),
      }));
    },
    async groups(places) {
      const ids = places.map(({ blockId, group }) => blockId * groupsPerBlock + group);
      const { rows } = await query(
        "select id, data from series_group where id = any($1::bigint[])",
        ids,
      );
      const found = new Map(rows.map((row) => [numberIn(row, "id"), bytesIn(row, "data")]));
      return ids.map((id) => {
        const data = found.get(id);
        if (data === undefined) throw new Error(`group ${id} of the series is missing`);
        return data;
      });
    },
    async openWindows(sourceIds) {
      const values = sourceIds === null ? [] : [sourceIds];
      const where = sourceIds === null ? "true" : "source_id = any($1::bigint[])";
      const { rows } = await query(
        `select source_id, 0 as resolution, window_start, 0 as level, count(*) as rows
        from series_batch where ${where} group by source_id, window_start
        union all
        select source_id, resolution, window_start, level, count(*)
        from series_block where level < 3 and ${where} group by source_id, resolution, window_start, level`,
        ...values,
      );
      return rows.map(openWindow);
    },
    async replace({ batches, blocks, inserts }) {
      const { changed } = await query(
        "delete from series_batch where id = any($1::bigint[])",
        batches,
      );
      if (changed !== batches.length) throw gone("batches");
      if ((await deleteBlocks(query, blocks)) !== blocks.length) throw gone("blocks");
      for (const block of inserts) await insertBlock(query, block);
    },
  };
}

type Retention = Pick<
  SeriesTables,
  "dropWindows" | "oldestWindow" | "deleteEmptySources" | "rawHorizon" | "setRawHorizon" | "totals"
>;

function retentionOf(query: Query): Retention {
  return {
    async dropWindows(resolution, before, limit) {
      const { rows } = await query(
        `select id from series_block where resolution = $1 and window_start < $2
        order by window_start limit $3`,
        resolution,
        before,
        limit,
      );
      const dropped = await deleteBlocks(
        query,
        rows.map((row) => numberIn(row, "id")),
      );
      if (resolution !== 0) return dropped;
      const { changed } = await query(
        `delete from series_batch where id in
        (select id from series_batch where window_start < $1 limit $2)`,
        before,
        limit,
      );
      return dropped + changed;
    },
    async oldestWindow(resolution) {
      const { rows } = await query(
        "select min(window_start) as oldest from series_block where resolution = $1",
        resolution,
      );
      const oldest = rows[0]?.["oldest"];
      return typeof oldest === "number" ? oldest : undefined;
    },
    async deleteEmptySources() {
      const isEmpty = `not exists (select 1 from series_batch where source_id = series_source.id)
        and not exists (select 1 from series_block where source_id = series_source.id)`;
      const { rows } = await query(
        `select id from series_source where ${isEmpty} for update skip locked`,
      );
      // Asked again now that nobody can append to them: somebody may have, just before the lock.
      const locked = rows.map((row) => numberIn(row, "id"));
      const still = await query(
        `select id from series_source where id = any($1::bigint[]) and ${isEmpty}`,
        locked,
      );
      for (const row of still.rows) await deleteRowsOf(query, numberIn(row, "id"));
    },
    async rawHorizon() {
      const { rows } = await query(
        "select dropped_before from series_horizon where resolution = 0",
      );
      return rows.length === 0 ? -Infinity : numberIn(rows[0], "dropped_before");
    },
    async setRawHorizon(before) {
      await query(
        `insert into series_horizon (resolution, dropped_before) values (0, $1)
        on conflict (resolution) do update
        set dropped_before = greatest(series_horizon.dropped_before, excluded.dropped_before)`,
        before,
      );
    },
    async totals() {
      const [row] = (await query(totalsSql)).rows;
      return {
        series: numberIn(row, "series"),
        samples: numberIn(row, "batch_samples") + numberIn(row, "block_samples"),
        batchBytes: numberIn(row, "batch_bytes"),
        chunkBytes: numberIn(row, "chunk_bytes"),
        rollupBytes: numberIn(row, "rollup_bytes"),
        databaseBytes: numberIn(row, "database_bytes"),
      };
    },
  };
}

/** Whole numbers everywhere: the sums of bigint are numeric, and would come back as such. */
const totalsSql = `
  select
    (select count(*) from series) as series,
    (select coalesce(sum(samples), 0)::bigint from series_batch) as batch_samples,
    (select coalesce(sum(length(data)), 0)::bigint from series_batch) as batch_bytes,
    coalesce(sum(samples) filter (where resolution = 0), 0)::bigint as block_samples,
    coalesce(sum(data_bytes) filter (where resolution = 0), 0)::bigint as chunk_bytes,
    coalesce(sum(data_bytes) filter (where resolution > 0), 0)::bigint as rollup_bytes,
    pg_database_size(current_database()) as database_bytes
  from series_block`;

/** Four values a row; a statement takes 65,535. */
const rowsPerInsert = 1_000;

/** The database counts the ids up in the order of the list, so that of two batches the later is the newer. */
async function insertBatches(query: Query, rows: readonly NewBatch[]): Promise<void> {
  if (rows.length === 0) return;
  const places = rows.map((_, i) => `($${4 * i + 1}, $${4 * i + 2}, $${4 * i + 3}, $${4 * i + 4})`);
  await query(
    `insert into series_batch (source_id, window_start, samples, data) values ${places.join(", ")}`,
    ...rows.flatMap((row) => [row.sourceId, row.windowStart, row.samples, row.data]),
  );
}

async function deleteBlocks(query: Query, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0;
  await query(
    `delete from series_group using unnest($1::bigint[]) as block (id)
    where series_group.id >= block.id * ${groupsPerBlock} and series_group.id < (block.id + 1) * ${groupsPerBlock}`,
    ids,
  );
  const { changed } = await query("delete from series_block where id = any($1::bigint[])", ids);
  return changed;
}

async function insertBlock(query: Query, block: NewBlock): Promise<void> {
  const { sourceId, resolution, windowStart, level, samples, head, groups } = block;
  if (groups.length > groupsPerBlock) throw new Error(`a block has ${groups.length} groups`);
  const bytes = groups.reduce((sum, group) => sum + group.length, head.length);
  const { rows } = await query(
    `insert into series_block (source_id, resolution, window_start, level, samples, data_bytes, head)
    values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    sourceId,
    resolution,
    windowStart,
    level,
    samples,
    bytes,
    head,
  );
  const first = numberIn(rows[0], "id") * groupsPerBlock;
  if (groups.length === 0) return;
  const places = groups.map((_, i) => `($${2 * i + 1}, $${2 * i + 2})`);
  await query(
    `insert into series_group (id, data) values ${places.join(", ")}`,
    ...groups.flatMap((group, i) => [first + i, group]),
  );
}

function gone(what: string): AppError {
  return new AppError("conflict", `${what} of the series were replaced by another hub`);
}
