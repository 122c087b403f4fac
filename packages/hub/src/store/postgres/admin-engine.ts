/** PostgreSQL for one command: one connection in this thread. */
import type { AdminEngine } from "../admin.ts";
import { asSchema, migrateUp, migrationStatus, rollbackLast } from "../migrations/run.ts";
import type { StoreSettings } from "../port.ts";
import { connectPostgres, postgresMigrationScope } from "./connection.ts";
import { createPostgresContexts } from "./context.ts";
import { inSnapshot } from "./transaction.ts";

/** Connects; rejects with an `AppError` that names the server. */
export async function openPostgresAdmin(
  url: string,
  settings: StoreSettings,
): Promise<AdminEngine> {
  const connection = await connectPostgres(url, 1);
  const { db } = connection;
  const scope = postgresMigrationScope(db);
  const contexts = createPostgresContexts(settings.retention);
  return {
    migrate: (now) => migrateUp(scope, now),
    rollback: () => rollbackLast(scope),
    status: () => migrationStatus(asSchema(db)),
    read: (work) => inSnapshot(db, (snapshot) => work(contexts(snapshot, []))),
    write: (work) => db.transaction().execute((transaction) => work(contexts(transaction, []))),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
