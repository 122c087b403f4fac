/** The thread that writes the SQLite database. It holds the lock of the file, and migrates it. */
import { migrateUp } from "../migrations/run.ts";
import { operations, runOperation } from "../operations/table.ts";
import type { OpenEngine } from "../thread/serve.ts";
import { createSqliteContexts } from "./context.ts";
import { openForWriting } from "./file.ts";
import { GroupCommit } from "./group-commit.ts";
import { lockDatabase } from "./lock.ts";
import { sqliteMigrationScope } from "./transaction.ts";

/** Opens the file for this thread alone, brings it to this release and commits what comes in. */
export const openWriter: OpenEngine = async (settings, answer) => {
  using opened = new DisposableStack();
  opened.use(lockDatabase(settings.database));
  const database = opened.adopt(openForWriting(settings.database), (one) => one.close());
  const done = await migrateUp(sqliteMigrationScope(database), Date.now);
  const contexts = createSqliteContexts(database, settings.retention);
  const commits = new GroupCommit({
    database,
    answer,
    onRollback: () => contexts.rolledBack(),
    isUpkeep: ({ name }) => name !== "ping" && operations[name].mode === "upkeep",
    run: ({ name, args, frames }) =>
      name === "ping" ? Promise.resolve() : runOperation(name, contexts.of(frames), args),
  });
  const resources = opened.move();
  return {
    notes: done.map((name) => `migrated the database: ${name}`),
    take: (calls) => commits.take(calls),
    async close() {
      await commits.settled();
      resources.dispose();
    },
  };
};
