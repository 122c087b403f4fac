/** Batches, blocks and groups on PostgreSQL. */
import { AppError } from "../../model/error.ts";
import { bytesIn, levelIn, numberIn, openWindow } from "../series/rows.ts";
import { groupsPerBlock } from "../series/schema.ts";
import type { NewBatch, NewBlock, SeriesTables } from "../series/tables.ts";
import { deleteBlocks, type Query } from "./series-query.ts";

type Chunks = Pick<
  SeriesTables,
  "insertBatches" | "batches" | "blocks" | "groups" | "openWindows" | "replace"
>;

export function chunksOf(query: Query): Chunks {
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
