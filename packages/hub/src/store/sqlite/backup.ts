/**
 * A copy of a SQLite file while a hub writes to it: of one moment, checked, on disk.
 *
 * One read transaction is held from beginning to end, so that the copy never has to begin again when something is
 * written, and no write waits for it. Meanwhile the write-ahead log keeps what is new and may grow. Pages are copied a few
 * MB at a time, and each piece is synced before the next: one sync of everything in the end would keep the syncs of the
 * hub waiting. (`VACUUM INTO` makes a smaller file, with more work and that one sync.)
 */
import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { AppError } from "../../model/error.ts";
import { toAppError } from "../failure.ts";
import { openForReading } from "./file.ts";

/** 4 MB of pages of 4 kB. */
const pagesPerStep = 1_024;

/**
 * Copies a database to a file that is not there yet, mode 0600, and gives the names of the migrations in it. Rejects with
 * an `AppError`: `not_found` where there is no database, `unavailable` for a full disk, `internal` when the copy is
 * damaged, as then the database is. What was written stays.
 */
export async function backUpSqlite(file: string, to: string): Promise<readonly string[]> {
  using resources = new DisposableStack();
  const source = resources.adopt(openForReading(file), (one) => one.close());
  try {
    // Made here, because SQLite would make it readable for others.
    const target = resources.adopt(openSync(to, "wx", 0o600), closeSync);
    source.exec("BEGIN");
    // The transaction begins with the first thing that is read.
    source.prepare("SELECT count(*) FROM sqlite_schema").get();
    await backup(source, to, { rate: pagesPerStep, progress: () => fdatasyncSync(target) });
    source.exec("COMMIT");
    fsyncSync(target);
    return checkedMigrations(to);
  } catch (error) {
    const { code, detail } = toAppError(error);
    throw new AppError(code, `the copy of ${file}: ${detail}`, { cause: error });
  }
}

/**
 * Opens a copy that nobody writes to, so that no other files appear beside it. Throws `internal` when a page of it is not
 * as it has to be.
 */
export function checkedMigrations(copy: string): readonly string[] {
  const url = pathToFileURL(copy);
  url.searchParams.set("immutable", "1");
  const database = new DatabaseSync(url, { readOnly: true });
  try {
    const [first] = database.prepare("PRAGMA quick_check(1)").all();
    const found = Object.values(first ?? {})[0];
    if (found !== "ok") throw new AppError("internal", `the database is damaged: ${String(found)}`);
    const rows = database.prepare("SELECT name FROM migration ORDER BY name").all();
    return rows.map(({ name }) => String(name));
  } finally {
    database.close();
  }
}

/** The files that SQLite keeps beside a database and that belong to exactly this one. */
export function filesBeside(database: string): readonly string[] {
  return ["-wal", "-shm", "-journal"]
    .map((end) => `${database}${end}`)
    .filter((one) => existsSync(one));
}
