/** Batches, blocks and groups on SQLite. */
import { AppError } from "../../model/error.ts";
import { bytesIn, levelIn, numberIn, openWindow } from "../series/rows.ts";
import { groupsPerBlock } from "../series/schema.ts";
import type { NewBlock, SeriesTables } from "../series/tables.ts";
import { deleteBlock, type Handle } from "./series-handle.ts";

type Chunks = Pick<
  SeriesTables,
  "insertBatches" | "batches" | "blocks" | "groups" | "openWindows" | "replace"
>;

export function chunksOf({ all, run, prepared }: Handle): Chunks {
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

const openBatches = (where: string): string => `
  select source_id, 0 as resolution, window_start, 0 as level, count(*) as rows
  from series_batch ${where} group by source_id, window_start`;

const openBlocks = (where: string): string => `
  select source_id, resolution, window_start, level, count(*) as rows
  from series_block where level < 3 ${where} group by source_id, resolution, window_start, level`;

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
