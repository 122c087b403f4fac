/**
 * What changed since somebody looked last, on PostgreSQL. Each row that others follow has the number of the transaction
 * that wrote it. Neither times nor sequences would do: transactions commit in another order than they begin, and whoever
 * has seen a later one would never look for an earlier one again. A transaction whose work was not seen at a look was not
 * over then, so its number is not below the least of those that were under way (`xmin` of the snapshot): from there the
 * next look goes on, and reads again only what was written meanwhile.
 *
 * Numbers belong to one server. Rows of a database that was restored into another one may have larger numbers than any
 * transaction there: they are older than every look and are left out.
 */
import { sql, type RawBuilder } from "kysely";
import type { Database } from "../tables.ts";

/** The number of the transaction it is asked in. */
export const thisTransaction: RawBuilder<number> = sql<number>`(pg_current_xact_id()::text)::bigint`;

/** Where a look begins and where the next one has to. */
export interface Look {
  /** Rows of this transaction and later ones; null: everything. */
  readonly from: number | null;
  /** Rows of earlier transactions than this. */
  readonly before: number;
  /** Where the next look begins. */
  readonly next: number;
}

/** Begins a look; what it reads has to be read afterwards. `since` is `next` of the look before; null: there was none. */
export async function lookFrom(db: Database, since: number | null): Promise<Look> {
  const { rows } = await sql<{ next: number; before: number }>`
    select (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint as next,
      (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint as before`.execute(db);
  const { next, before } = rows[0] ?? { next: 0, before: 0 };
  // It was another server that counted.
  const from = since === null || since > before ? null : since;
  return { from, before, next };
}
