/** What operations work with on a SQLite handle. */
import type { DatabaseSync } from "node:sqlite";
import type { Frame } from "../../model/series.ts";
import type { OperationContext } from "../operations/operation.ts";
import type { StoreSettings } from "../port.ts";
import { createSeriesCore } from "../series/core.ts";
import type { Tables } from "../tables.ts";
import { createSqliteKysely } from "./dialect.ts";
import { KnownMonitors } from "./known-monitors.ts";
import { createSqliteSeriesTables } from "./series-tables.ts";

/** Makes contexts of one handle; nothing else may use it while an operation runs. */
export interface SqliteContexts {
  of(frames: readonly Frame[]): OperationContext;
  /** To be called after a transaction or a savepoint was rolled back. */
  rolledBack(): void;
}

/** Makes the contexts of one handle. */
export function createSqliteContexts(
  database: DatabaseSync,
  retention: StoreSettings["retention"],
): SqliteContexts {
  const db = createSqliteKysely<Tables>(database);
  const monitors = new KnownMonitors(db);
  const series = createSeriesCore({ retention, now: Date.now });
  const seriesTables = createSqliteSeriesTables(database);
  return {
    of: (frames) => ({ db, engine: "sqlite", monitors, series, seriesTables, frames }),
    rolledBack: () => monitors.rolledBack(),
  };
}
