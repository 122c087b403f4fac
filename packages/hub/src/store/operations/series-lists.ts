/** Lists of series that one hub on a PostgreSQL knows and another was asked to. */
import type { SeriesKey } from "../../model/series.ts";
import { fromJson, toJson } from "../values.ts";
import type { OperationContext } from "./operation.ts";

/** A list that nobody asked for so long is sent again by whoever still uses it, ms. */
const listLifetimeMs = 86_400_000;

/** See `HostStore.keepSeriesList`. */
export async function keepSeriesList(
  { db }: OperationContext,
  list: { readonly hash: string; readonly series: readonly SeriesKey[] },
  now: number,
): Promise<void> {
  await db
    .deleteFrom("series_list")
    .where("kept_at", "<", now - listLifetimeMs)
    .execute();
  await db
    .insertInto("series_list")
    .values({ hash: list.hash, series: toJson(list.series), kept_at: now })
    .onConflict((conflict) => conflict.column("hash").doUpdateSet({ kept_at: now }))
    .execute();
}

/** See `HostStore.seriesList`. */
export async function seriesList(
  { db }: OperationContext,
  hash: string,
): Promise<readonly SeriesKey[] | undefined> {
  const row = await db
    .selectFrom("series_list")
    .select("series")
    .where("hash", "=", hash)
    .executeTakeFirst();
  return row === undefined ? undefined : fromJson<readonly SeriesKey[]>(row.series);
}
