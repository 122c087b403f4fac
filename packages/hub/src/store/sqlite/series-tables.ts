/** The tables of series on SQLite: prepared statements on one handle, which the caller has in a transaction. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Row } from "../series/rows.ts";
import type { SeriesTables } from "../series/tables.ts";
import { chunksOf } from "./series-chunks.ts";
import type { Handle } from "./series-handle.ts";
import { lookupsIn, seriesIn, sourcesOf } from "./series-sources.ts";
import { limitsOf, windowsIn } from "./series-windows.ts";

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
  return {
    ...sourcesOf(handle),
    ...seriesIn(handle),
    ...lookupsIn(handle),
    ...chunksOf(handle),
    ...windowsIn(handle),
    ...limitsOf(handle),
  };
}
