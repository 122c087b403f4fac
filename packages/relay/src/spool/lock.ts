/**
 * One process per folder. The lock is SQLite's own, held by an open write transaction on an empty file: it goes with the
 * process however that ends, so there is no stale lock to clean up, and taking it needs no room on the disk. Who holds it
 * stands in a file beside it, for the message only.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SpoolError } from "./settings.ts";
import { messageOf } from "./disk.ts";

const busy = 5;

/** Takes the lock of a folder that is there, or throws `SpoolError` `in_use` or `disk_failed`. */
export function lockFolder(folder: string): Disposable {
  const holder = join(folder, "holder");
  const database = openLock(join(folder, "lock"));
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw new SpoolError("disk_failed", `${folder}: ${messageOf(error)}`);
    throw new SpoolError("in_use", `${folder} is in use by ${holderIn(holder)}`);
  }
  try {
    writeFileSync(holder, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // On a full disk the message of a second process does without the number.
  }
  return {
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

function openLock(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw new SpoolError("disk_failed", `${file}: ${messageOf(error)}`);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === busy;
}

function holderIn(file: string): string {
  try {
    const pid = readFileSync(file, "utf8").trim();
    return /^\d+$/.test(pid) ? `process ${pid}` : "another process";
  } catch {
    return "another process";
  }
}
