/** Sources and series on PostgreSQL. */
import { AppError } from "../../model/error.ts";
import { numberIn, sourceRow, textIn } from "../series/rows.ts";
import type { SeriesTables } from "../series/tables.ts";
import { deleteBlocks, type Query } from "./series-query.ts";

type Sources = Pick<
  SeriesTables,
  | "sources"
  | "createSource"
  | "setSourceLabels"
  | "lockSource"
  | "deleteSource"
  | "lockEmptySources"
>;

/** Another hub may delete a source between the two statements that make it. */
const createAttempts = 5;

const sourceColumns = "id, key, labels, slots, stamp";

export function sourcesOf(query: Query): Sources {
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
    async lockEmptySources() {
      const isEmpty = `not exists (select 1 from series_batch where source_id = series_source.id)
        and not exists (select 1 from series_block where source_id = series_source.id)`;
      const { rows } = await query(
        `select id from series_source where ${isEmpty} for update skip locked`,
      );
      // Asked again now that nobody can append to them: somebody may have, just before the lock.
      const locked = rows.map((row) => numberIn(row, "id"));
      const still = await query(
        `select ${sourceColumns} from series_source where id = any($1::bigint[]) and ${isEmpty}`,
        locked,
      );
      return still.rows.map(sourceRow);
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

type Series = Pick<SeriesTables, "seriesOf" | "addSeries">;

export function seriesIn(query: Query): Series {
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
  };
}

type Lookups = Pick<SeriesTables, "names" | "seriesNamed" | "seriesNamedIn" | "findSeries">;

export function lookupsIn(query: Query): Lookups {
  return {
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
    async seriesNamedIn(sourceIds, names) {
      const { rows } = await query(
        `select source_id, slot, name, labels from series
        where source_id = any($1::bigint[]) and name = any($2::text[])`,
        sourceIds,
        names,
      );
      return rows.map((row) => ({
        sourceId: numberIn(row, "source_id"),
        slot: numberIn(row, "slot"),
        name: textIn(row, "name"),
        labels: textIn(row, "labels"),
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
