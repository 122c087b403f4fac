/** The thread that reads the SQLite database: each call sees one state of it, the newest. */
import { runOperation } from "../operations/table.ts";
import { failureAnswer, type OpenEngine, type UnpackedCall } from "../thread/serve.ts";
import type { Answer } from "../thread/messages.ts";
import type { Tables } from "../tables.ts";
import { createSqliteKysely } from "./dialect.ts";
import { openForReading } from "./file.ts";
import { inTransaction } from "./transaction.ts";

/** Opens the file, which the writer has brought to this release. */
export const openReader: OpenEngine = (settings, answer) => {
  const database = openForReading(settings.database);
  const db = createSqliteKysely<Tables>(database);
  let last = Promise.resolve();

  async function run(call: UnpackedCall): Promise<Answer> {
    const { id, name, args, frames } = call;
    try {
      const value = await inTransaction(database, "BEGIN", () =>
        name === "ping"
          ? Promise.resolve()
          : runOperation(name, { db, engine: "sqlite", frames }, args),
      );
      return { id, ok: true, value };
    } catch (error) {
      return failureAnswer(id, error);
    }
  }

  return Promise.resolve({
    notes: [],
    take(calls) {
      for (const call of calls) {
        last = last.then(async () => answer([await run(call)]));
      }
    },
    async close() {
      await last;
      database.close();
    },
  });
};
