/** Sources and series on SQLite. */
import { deleteBlock, type Handle } from "./series-handle.ts";
import { numberIn, sourceRow, textIn, type Row } from "../series/rows.ts";
import type { OwnedSeriesRow, SeriesTables } from "../series/tables.ts";

type Sources = Pick<
  SeriesTables,
  | "sources"
  | "createSource"
  | "setSourceLabels"
  | "lockSource"
  | "deleteSource"
  | "lockEmptySources"
>;

export function sourcesOf({ all, run, prepared }: Handle): Sources {
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
    async lockEmptySources() {
      return all(
        `select id, key, labels, slots, stamp from series_source
        where not exists (select 1 from series_batch where source_id = series_source.id)
          and not exists (select 1 from series_block where source_id = series_source.id)`,
      ).map(sourceRow);
    },
  };
}

type Series = Pick<SeriesTables, "seriesOf" | "addSeries">;

export function seriesIn({ all, run }: Handle): Series {
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
  };
}

type Lookups = Pick<SeriesTables, "names" | "seriesNamed" | "seriesNamedIn" | "findSeries">;

export function lookupsIn({ all, prepared }: Handle): Lookups {
  return {
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
    async seriesNamedIn(sourceIds, names) {
      const statement = prepared(
        "select slot, labels from series where source_id = ? and name = ?",
      );
      return sourceIds.flatMap((sourceId) =>
        names.flatMap((name) =>
          statement.all(sourceId, name).map((row) => ({
            sourceId,
            slot: numberIn(row, "slot"),
            name,
            labels: textIn(row, "labels"),
          })),
        ),
      );
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
