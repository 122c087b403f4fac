/** A SQLite file for one command: opened in this thread, for as long as one piece of work takes. */
import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { AdminEngine } from "../admin.ts";
import { asSchema, migrateUp, migrationStatus, rollbackLast } from "../migrations/run.ts";
import type { StoreSettings } from "../port.ts";
import { createSqliteContexts } from "./context.ts";
import { createSqliteKysely } from "./dialect.ts";
import { openForReading, openForWriting } from "./file.ts";
import { lockDatabase } from "./lock.ts";
import { inTransaction, sqliteMigrationScope } from "./transaction.ts";

/** Changing the schema needs the file alone; reading and writing rows works beside a running hub. */
export function createSqliteAdmin({ database: file, retention }: StoreSettings): AdminEngine {
  return {
    async migrate(now) {
      using resources = new DisposableStack();
      resources.use(lockDatabase(file));
      const database = resources.adopt(openForWriting(file), close);
      return await migrateUp(sqliteMigrationScope(database), now);
    },
    async rollback() {
      using resources = new DisposableStack();
      resources.use(lockDatabase(file));
      const database = resources.adopt(openForWriting(file), close);
      return await rollbackLast(sqliteMigrationScope(database));
    },
    async status() {
      using resources = new DisposableStack();
      const database = existsSync(file) ? resources.adopt(openForReading(file), close) : null;
      const db = database === null ? null : asSchema(createSqliteKysely<unknown>(database));
      return await migrationStatus(db);
    },
    async read(work) {
      using resources = new DisposableStack();
      const database = resources.adopt(openForReading(file), close);
      const contexts = createSqliteContexts(database, retention);
      return await inTransaction(database, "BEGIN", () => work(contexts.of([])));
    },
    async write(work) {
      using resources = new DisposableStack();
      const database = resources.adopt(openForWriting(file), close);
      const contexts = createSqliteContexts(database, retention);
      return await inTransaction(database, "BEGIN IMMEDIATE", () => work(contexts.of([])));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function close(database: DatabaseSync): void {
  database.close();
}
