/** The thread that reads the SQLite database: each call sees one state of it, the newest. */
import { runOperation } from "../operations/table.ts";
import type { Answer } from "../thread/messages.ts";
import { failureAnswer, type OpenEngine, type UnpackedCall } from "../thread/serve.ts";
import { createSqliteContexts } from "./context.ts";
import { openForReading } from "./file.ts";
import { inTransaction } from "./transaction.ts";

/** Opens the file, which the writer has brought to this release. */
export const openReader: OpenEngine = (settings, answer) => {
  const database = openForReading(settings.database);
  const contexts = createSqliteContexts(database, settings.retention);
  let last = Promise.resolve();

  async function run({ id, name, args, frames }: UnpackedCall): Promise<Answer> {
    try {
      const value = await inTransaction(database, "BEGIN", () =>
        name === "ping" ? Promise.resolve() : runOperation(name, contexts.of(frames), args),
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
