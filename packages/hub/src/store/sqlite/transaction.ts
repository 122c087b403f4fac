/** One SQLite transaction around asynchronous work on the same handle. The caller sees to it that nothing else runs. */
import type { DatabaseSync } from "node:sqlite";
import type { MigrationScope } from "../migrations/run.ts";
import { asSchema } from "../migrations/run.ts";
import { createSqliteKysely } from "./dialect.ts";

/** Runs `work` between `begin` and COMMIT; rolled back when it throws. */
export async function inTransaction<T>(
  database: DatabaseSync,
  begin: "BEGIN" | "BEGIN IMMEDIATE",
  work: () => Promise<T>,
): Promise<T> {
  database.exec(begin);
  try {
    const result = await work();
    database.exec("COMMIT");
    return result;
  } finally {
    // SQLite has rolled back by itself after some errors (disk full).
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

/** Migrations on this handle: the write lock is the lock. */
export function sqliteMigrationScope(database: DatabaseSync): MigrationScope {
  const schema = asSchema(createSqliteKysely<unknown>(database));
  return {
    engine: "sqlite",
    transaction: (work) => inTransaction(database, "BEGIN IMMEDIATE", () => work(schema)),
  };
}
