/**
 * What processes on one PostgreSQL tell each other of monitors: how they fare, when they were heard, which are to be
 * checked now. Times are epoch ms of the database's clock.
 */
import { sql, type RawBuilder } from "kysely";
import type { StatusChange } from "../../model/change.ts";
import type { Shown } from "../../model/fleet.ts";
import type { MonitorId } from "../../model/id.ts";
import { asWritten, fromJson, inChunks, rowsPerStatement } from "../values.ts";
import { hintChannel } from "../hint-channel.ts";
import { thisTransaction } from "./changed-in.ts";
import { databaseNow, mustBeShared } from "./fleet.ts";
import { changeStatuses } from "./intervals.ts";
import type { OperationContext } from "./operation.ts";

/** A request that nobody took is about a check that was made long since, ms. */
const requestLifetimeMs = 60_000;

/** See `FleetStore.shownSince`. */
export async function shownSince(
  context: OperationContext,
  since: number | null,
): Promise<{ readonly now: number; readonly shown: readonly Shown[] }> {
  mustBeShared(context);
  const { rows } = await sql<{ now: number; body: string | null }>`
    select next as now, body
    from ${look(since)} left join monitor_now on changed_in >= first and changed_in < before`.execute(
    context.db,
  );
  const shown = rows.flatMap(({ body }) => (body === null ? [] : fromJson<Shown>(body)));
  return { now: rows[0]?.now ?? 0, shown };
}

/** See `FleetStore.shownOf`. */
export async function shownOf(
  context: OperationContext,
  ids: readonly MonitorId[],
): Promise<readonly Shown[]> {
  mustBeShared(context);
  const { rows } = await sql<{ body: string }>`
    select body from monitor_now where monitor_id = any(${ids}::text[])`.execute(context.db);
  return rows.map(({ body }) => fromJson<Shown>(body));
}

/** Where a look begins and ends, and where the next one begins; see `changed-in.ts`. One statement sees one snapshot. */
function look(since: number | null): RawBuilder<unknown> {
  return sql`(
    select next, before, case when ${since ?? 0}::bigint > before then 0 else ${since ?? 0}::bigint end as first
    from (select (pg_snapshot_xmin(snapshot)::text)::bigint as next,
        (pg_snapshot_xmax(snapshot)::text)::bigint as before
      from pg_current_snapshot() as snapshot) as seen) as look`;
}

/** See `FleetStore.endKnown`; as `closeGap` does it for all. */
export async function endKnown(
  context: OperationContext,
  items: readonly { readonly id: MonitorId; readonly at: number }[],
): Promise<void> {
  const ends = new Map(items.map(({ id, at }) => [id, at]));
  const held = await context.monitors.hold(new Set(ends.keys()), "change");
  const changes: StatusChange[] = [];
  for (const some of inChunks([...held], rowsPerStatement)) {
    const open = await context.db
      .selectFrom("status_interval")
      .select(["monitor_id", "started_at"])
      .where("monitor_id", "in", some)
      .where("ended_at", "is", null)
      .where("status", "in", ["up", "degraded", "down", "maintenance"])
      .execute();
    for (const row of open) {
      const monitorId = asWritten<MonitorId>(row.monitor_id);
      const at = Math.max(ends.get(monitorId) ?? 0, row.started_at + 1);
      changes.push({ monitorId, status: "unknown", reason: "not_running", at });
    }
  }
  await changeStatuses(context, changes);
}

/** See `FleetStore.requestChecks`. */
export async function requestChecks(
  context: OperationContext,
  ids: readonly MonitorId[],
): Promise<void> {
  mustBeShared(context);
  await sql`
    insert into check_request (monitor_id, at)
    select id, ${databaseNow} from monitor where id = any(${ids}::text[])
    order by id for key share
    on conflict (monitor_id) do update set at = excluded.at`.execute(context.db);
}

/** See `FleetStore.takeRequests`. */
export async function takeRequests(
  context: OperationContext,
  ids: readonly MonitorId[],
): Promise<readonly MonitorId[]> {
  mustBeShared(context);
  const { rows } = await sql<{ monitor_id: MonitorId; is_fresh: boolean }>`
    with clock as materialized (select ${databaseNow} - ${requestLifetimeMs} as oldest)
    delete from check_request using clock
    where monitor_id = any(${ids}::text[]) or at < clock.oldest
    returning monitor_id, at >= clock.oldest as is_fresh`.execute(context.db);
  return rows.filter((row) => row.is_fresh).map((row) => row.monitor_id);
}

/**
 * See `FleetStore.noteHeard`. An instant never goes back, and grows with every note: hubs whose clocks differ are both
 * noticed.
 */
export async function noteHeard(
  context: OperationContext,
  items: readonly { readonly id: MonitorId; readonly at: number; readonly shown?: string }[],
): Promise<void> {
  mustBeShared(context);
  const newest = new Map<MonitorId, { readonly at: number; readonly shown: string | null }>();
  for (const { id, at, shown } of items) {
    const before = newest.get(id);
    const latest = shown ?? before?.shown ?? null;
    newest.set(id, { at: Math.max(at, before?.at ?? 0), shown: latest });
  }
  const sorted = [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const some of inChunks(sorted, rowsPerStatement)) {
    const ids = some.map(([id]) => id);
    const times = some.map(([, { at }]) => at);
    const shown = some.map(([, one]) => one.shown);
    await sql`
      insert into heard as stored (monitor_id, at, changed_in, shown)
      select monitor.id, new.at, ${thisTransaction}, new.shown
      from unnest(${ids}::text[], ${times}::bigint[], ${shown}::text[]) as new (id, at, shown)
      join monitor on monitor.id = new.id
      order by monitor.id for key share of monitor
      on conflict (monitor_id) do update set at = greatest(excluded.at, stored.at + 1),
        changed_in = excluded.changed_in, shown = coalesce(excluded.shown, stored.shown)`.execute(
      context.db,
    );
  }
}

/** See `FleetStore.heardSince`. */
export async function heardSince(
  context: OperationContext,
  since: number | null,
): Promise<{
  readonly now: number;
  readonly heard: readonly {
    readonly id: MonitorId;
    readonly at: number;
    readonly shown: string | null;
  }[];
}> {
  mustBeShared(context);
  const { rows } = await sql<{
    now: number;
    id: MonitorId | null;
    at: number;
    shown: string | null;
  }>`
    select next as now, monitor_id as id, at, shown
    from ${look(since)} left join heard on changed_in >= first and changed_in < before`.execute(
    context.db,
  );
  const heard = rows.flatMap(({ id, at, shown }) => (id === null ? [] : [{ id, at, shown }]));
  return { now: rows[0]?.now ?? 0, heard };
}

/** See `FleetStore.hint`. */
export async function hint(context: OperationContext, payload: string): Promise<void> {
  mustBeShared(context);
  await sql`select pg_notify(${hintChannel}, ${payload})`.execute(context.db);
}
