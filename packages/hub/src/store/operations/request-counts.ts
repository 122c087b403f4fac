/** What hubs count together: requests and failed attempts, by whom they come from and by the span of time they fall into. */
import { sql } from "kysely";
import type { RequestCount } from "../../model/request-count.ts";
import { mustBeShared } from "./fleet.ts";
import type { OperationContext } from "./operation.ts";

/** A span that ended so long ago is not asked for any more, ms. */
const keptMs = 600_000;

/** See `SharedStore.countRequests`. */
export async function countRequests(
  context: OperationContext,
  counts: readonly RequestCount[],
): Promise<readonly RequestCount[]> {
  mustBeShared(context);
  // In one order, so that two hubs never wait for each other.
  const sorted = counts.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
  const { rows } = await sql<{ subject: string; ends_at: number; count: number }>`
    insert into request_count as stored (subject, ends_at, count)
    select * from unnest(${sorted.map(({ subject }) => subject)}::text[],
      ${sorted.map(({ endsAt }) => endsAt)}::bigint[], ${sorted.map(({ count }) => count)}::bigint[])
    on conflict (subject, ends_at) do update set count = stored.count + excluded.count
    returning subject, ends_at, count`.execute(context.db);
  return rows.map(({ subject, ends_at: endsAt, count }) => ({ subject, endsAt, count }));
}

/** Forgets spans that are over; `now` is epoch ms. */
export async function dropOldCounts({ db }: OperationContext, now: number): Promise<void> {
  await db
    .deleteFrom("request_count")
    .where("ends_at", "<", now - keptMs)
    .execute();
}
