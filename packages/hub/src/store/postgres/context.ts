/** What operations work with on PostgreSQL: a pool for single statements, or one transaction of it. */
import type { Kysely } from "kysely";
import type { Frame } from "../../model/series.ts";
import type { OperationContext } from "../operations/operation.ts";
import type { StoreSettings } from "../port.ts";
import { createSeriesCore } from "../series/core.ts";
import type { Database } from "../tables.ts";
import { createMonitorLocks } from "./monitor-locks.ts";
import { createPostgresSeriesTables } from "./series-tables.ts";

/** Makes the context of one operation. */
export type PostgresContexts = (db: Kysely<unknown>, frames: readonly Frame[]) => OperationContext;

/** Makes the contexts of one thread. */
export function createPostgresContexts(retention: StoreSettings["retention"]): PostgresContexts {
  const series = createSeriesCore({ retention, now: Date.now });
  return (connection, frames) => {
    const db = typed(connection);
    return {
      db,
      engine: "postgres",
      monitors: createMonitorLocks(db),
      series,
      seriesTables: createPostgresSeriesTables(connection),
      frames,
    };
  };
}

/** Guarantee: the migrations have made exactly the tables of `Tables`. */
function typed(db: Kysely<unknown>): Database {
  return db as unknown as Database;
}
