/** Opening the database file. */
import { closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../model/error.ts";
import { isSqliteError, toAppError } from "../failure.ts";

/** "BLFR": marks the file as ours (`PRAGMA application_id`). */
const applicationId = 0x42_4c_46_52;

/** How long a statement waits for a lock of another process, such as a backup, in ms. */
const busyTimeoutMs = 5_000;

/** Opens the file for writing, and makes it when there is none. */
export function openForWriting(file: string): DatabaseSync {
  return explained(file, () => {
    // Settings hold passwords: nobody else may read them. SQLite gives its other files the mode of this one.
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
    const fresh = statSync(file).size === 0;
    const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    try {
      refuseForeign(database, file, fresh);
      if (fresh) database.exec(`PRAGMA application_id = ${applicationId}`);
      database.exec(`
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA journal_size_limit = 67108864;
        PRAGMA cache_size = -16000;
        PRAGMA temp_store = MEMORY;
      `);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Opens the file for reading only. */
export function openForReading(file: string): DatabaseSync {
  return explained(file, () => {
    if (!existsSync(file)) throw new AppError("not_found", `there is no database ${file}`);
    const database = new DatabaseSync(file, { timeout: busyTimeoutMs, readOnly: true });
    try {
      refuseForeign(database, file, false);
      database.exec("PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;");
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Reads one number of a pragma. */
export function pragmaNumber(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  const value = row === undefined ? undefined : Object.values(row)[0];
  return typeof value === "number" ? value : 0;
}

function refuseForeign(database: DatabaseSync, file: string, fresh: boolean): void {
  if (fresh || pragmaNumber(database, "application_id") === applicationId) return;
  throw new AppError("internal", `${file} is an SQLite database, but not one of Belfry's`);
}

/** Errors of opening a file name it: damaged, not a database, not allowed, its folder cannot be made. */
export function explained<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const ofSqlite = isSqliteError(error);
    const { code, detail } = ofSqlite
      ? toAppError(error)
      : ({ code: "unavailable", detail: String(error) } as const);
    throw new AppError(code, `${file}: ${detail}`, { cause: error });
  }
}
