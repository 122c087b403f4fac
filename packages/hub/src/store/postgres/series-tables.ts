/**
 * The tables of series on PostgreSQL, in the transaction that the caller has begun. The lock of a source is the lock
 * on its row: taken for the transaction that needs it, let go with it, and gone with a hub that dies.
 */
import { CompiledQuery, type Kysely } from "kysely";
import type { Row } from "../series/rows.ts";
import type { SeriesTables } from "../series/tables.ts";
import { chunksOf } from "./series-chunks.ts";
import type { Query } from "./series-query.ts";
import { lookupsIn, seriesIn, sourcesOf } from "./series-sources.ts";
import { limitsOf, windowsIn } from "./series-windows.ts";

/** Makes the port on a transaction; cheap, to be made anew for each. */
export function createPostgresSeriesTables(transaction: Kysely<unknown>): SeriesTables {
  const query: Query = async (text, ...values) => {
    const result = await transaction.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
    return { rows: result.rows, changed: Number(result.numAffectedRows ?? 0) };
  };
  return {
    ...sourcesOf(query),
    ...seriesIn(query),
    ...lookupsIn(query),
    ...chunksOf(query),
    ...windowsIn(query),
    ...limitsOf(query),
  };
}
