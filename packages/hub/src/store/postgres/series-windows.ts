/** Windows as retention sees them, and what is kept of retention itself, on PostgreSQL. */
import { limitsIn, numberIn, optionalNumberIn, textIn } from "../series/rows.ts";
import { limitsSql } from "../series/schema.ts";
import type { SeriesTables } from "../series/tables.ts";
import { deleteBlocks, type Query } from "./series-query.ts";

type Windows = Pick<
  SeriesTables,
  "windowsFrom" | "dropWindows" | "deleteWindows" | "oldestWindow" | "oldestWindowOf"
>;

export function windowsIn(query: Query): Windows {
  return {
    async windowsFrom(sourceId, from) {
      const { rows } = await query(
        `select window_start from series_block where source_id = $1 and resolution = 0 and window_start >= $2
        union
        select window_start from series_batch where source_id = $1 and window_start >= $2
        order by window_start desc`,
        sourceId,
        from,
      );
      return rows.map((row) => numberIn(row, "window_start"));
    },
    async dropWindows(resolution, before, limit, which) {
      const [condition, ids] = conditionOf(which);
      const { rows } = await query(
        `select id from series_block where resolution = $4 and window_start < $1 and ${condition}
        order by window_start limit $2`,
        before,
        limit,
        ids,
        resolution,
      );
      const dropped = await deleteBlocks(
        query,
        rows.map((row) => numberIn(row, "id")),
      );
      if (resolution !== 0) return dropped;
      const { changed } = await query(
        `delete from series_batch where id in
        (select id from series_batch where window_start < $1 and ${condition} limit $2)`,
        before,
        limit,
        ids,
      );
      return dropped + changed;
    },
    async deleteWindows(sourceId, resolution, from, to) {
      const { rows } = await query(
        `select id from series_block
        where source_id = $1 and resolution = $2 and window_start between $3 and $4`,
        sourceId,
        resolution,
        from,
        to,
      );
      await deleteBlocks(
        query,
        rows.map((row) => numberIn(row, "id")),
      );
      if (resolution !== 0) return;
      await query(
        "delete from series_batch where source_id = $1 and window_start between $2 and $3",
        sourceId,
        from,
        to,
      );
    },
    async oldestWindow(resolution) {
      const { rows } = await query(
        "select min(window_start) as oldest from series_block where resolution = $1",
        resolution,
      );
      return optionalNumberIn(rows[0], "oldest") ?? undefined;
    },
    async oldestWindowOf(resolution, sourceIds) {
      const { rows } = await query(
        `select source.id, (
          select min(window_start) from series_block where source_id = source.id and resolution = $1
        ) as oldest from unnest($2::bigint[]) as source (id)`,
        resolution,
        sourceIds,
      );
      const found = new Map(
        rows.map((row) => [numberIn(row, "id"), optionalNumberIn(row, "oldest") ?? undefined]),
      );
      return sourceIds.map((id) => found.get(id));
    },
  };
}

/** A condition on `source_id`, with the ids that are its third parameter. */
function conditionOf(
  which: Parameters<SeriesTables["dropWindows"]>[3],
): [string, readonly number[]] {
  return "only" in which
    ? ["source_id = any($3::bigint[])", which.only]
    : ["source_id <> all($3::bigint[])", which.except];
}

type Limits = Pick<
  SeriesTables,
  "limits" | "setRawHorizon" | "retentionText" | "setRetentionText" | "totals"
>;

export function limitsOf(query: Query): Limits {
  return {
    async limits() {
      return limitsIn((await query(limitsSql)).rows[0]);
    },
    async setRawHorizon(before) {
      await query(
        `insert into series_horizon (resolution, dropped_before) values (0, $1)
        on conflict (resolution) do update
        set dropped_before = greatest(series_horizon.dropped_before, excluded.dropped_before)`,
        before,
      );
    },
    async retentionText() {
      const { rows } = await query("select sources from series_retention where place = 0");
      const [row] = rows;
      return row === undefined ? undefined : textIn(row, "sources");
    },
    async setRetentionText(text) {
      await query(
        `insert into series_retention (place, stamp, sources)
        values (0, floor(random() * ${2 ** 48})::bigint, $1)
        on conflict (place) do update set stamp = excluded.stamp, sources = excluded.sources`,
        text,
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
