/** Transactions that read. */
import type { Kysely } from "kysely";

/** Runs work that sees one state of the database however often it asks. */
export function inSnapshot<T>(
  db: Kysely<unknown>,
  work: (snapshot: Kysely<unknown>) => Promise<T>,
): Promise<T> {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(work);
}
