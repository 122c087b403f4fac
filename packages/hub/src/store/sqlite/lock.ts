/**
 * One process per database file. The lock is SQLite's own, on a small file beside the database, held by an open write
 * transaction: it goes with the process however that ends, so there is no stale lock to clean up. The file also says
 * who holds it, which others can read meanwhile.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../model/error.ts";
import { isSqliteError } from "../failure.ts";
import { explained } from "./file.ts";

const busy = 5;

/** Takes the lock of a database file, or throws one line that names the file and the process that has it. */
export function lockDatabase(file: string): Disposable {
  const database = explained(file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return new DatabaseSync(`${file}.lock`, { timeout: 0 });
  });
  try {
    explained(`${file}.lock`, () => take(database, file));
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

function take(database: DatabaseSync, file: string): void {
  try {
    database.exec(`
      PRAGMA synchronous = OFF;
      BEGIN IMMEDIATE;
      CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL);
      DELETE FROM holder;
    `);
    database.prepare("INSERT INTO holder (pid) VALUES (?)").run(process.pid);
    database.exec("COMMIT; BEGIN IMMEDIATE;");
  } catch (error) {
    if (!isSqliteError(error, busy)) throw error;
    const pid = holderOf(database);
    const who = pid === undefined ? "another process" : `process ${pid}`;
    throw new AppError("conflict", `${file} is in use by ${who}`, { cause: error });
  }
}

function holderOf(database: DatabaseSync): number | undefined {
  try {
    const pid = database.prepare("SELECT pid FROM holder").get()?.["pid"];
    return typeof pid === "number" ? pid : undefined;
  } catch {
    // It is being written at this moment: the message does without.
    return undefined;
  }
}
