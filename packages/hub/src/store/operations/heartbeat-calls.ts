/**
 * Calls of heartbeats as several hubs follow them, on PostgreSQL. `n` of a call counts up for each heartbeat under the
 * lock of its monitor: who sees a call sees all earlier ones of it, and their order is the same for everybody.
 */
import { sql } from "kysely";
import type { AuditEntry } from "../../model/access.ts";
import type { StatusChange } from "../../model/change.ts";
import {
  heartbeatKind,
  heartbeatSettingsOf,
  type HeartbeatState,
  type KeptHeartbeat,
  type KeptPing,
} from "../../model/heartbeat.ts";
import type { Span } from "../../model/heartbeat-outcome.ts";
import type { MonitorId } from "../../model/id.ts";
import type { Shown } from "../../model/fleet.ts";
import type { Monitor } from "../../model/monitor.ts";
import { asWritten, fromJson, inChunks, rowsPerStatement, toJson } from "../values.ts";
import type { HeartbeatCalls } from "../following-calls.ts";
import { lookFrom } from "./changed-in.ts";
import { databaseNow, mustBeShared } from "./fleet.ts";
import { keptPingOf } from "./heartbeats.ts";
import { createMonitor } from "./monitors.ts";
import type { OperationContext } from "./operation.ts";

/** Hubs say that they listen every two seconds; when none did for longer than this, nobody could be called, ms. */
const deafAfterMs = 6_000;

const names = { listening: "listening_at", from: "deaf_from", to: "deaf_to" } as const;

/** See `FollowingStore.noteListening`. */
export async function noteListening(
  context: OperationContext,
  isListening: boolean,
): Promise<Span | null> {
  mustBeShared(context);
  const { db } = context;
  // Hubs wait for one another here, so that the first after a gap notes it.
  await sql`insert into note (name, value) values (${names.listening}, ${databaseNow})
    on conflict (name) do nothing`.execute(db);
  const former = await db
    .selectFrom("note")
    .select(["value", databaseNow.as("now")])
    .where("name", "=", names.listening)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (isListening) await setNote(context, names.listening, former.now);
  if (former.now - former.value > deafAfterMs) {
    if (isListening) {
      await setNote(context, names.from, former.value);
      await setNote(context, names.to, former.now);
    }
    return { from: former.value, to: former.now };
  }
  const rows = await db
    .selectFrom("note")
    .selectAll()
    .where("name", "in", [names.from, names.to])
    .execute();
  const notes = new Map(rows.map(({ name, value }) => [name, value]));
  const [from, to] = [notes.get(names.from), notes.get(names.to)];
  return from === undefined || to === undefined ? null : { from, to };
}

async function setNote({ db }: OperationContext, name: string, value: number): Promise<void> {
  await db
    .insertInto("note")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

/** See `FollowingStore.calledSince`. */
export async function calledSince(
  context: OperationContext,
  since: number | null,
): Promise<{ readonly next: number; readonly called: readonly KeptHeartbeat[] }> {
  mustBeShared(context);
  const { db } = context;
  const { from, before, next } = await lookFrom(db, since);
  let select = db.selectFrom("heartbeat").select(["monitor_id", "state"]);
  if (from !== null) {
    select = select.where("changed_in", ">=", from).where("changed_in", "<", before);
  }
  const rows = await select.execute();
  return {
    next,
    called: rows.map((row) => ({
      id: asWritten<MonitorId>(row.monitor_id),
      state: fromJson<HeartbeatState>(row.state),
    })),
  };
}

/** See `FollowingStore.callsOf`. */
export async function callsOf(
  context: OperationContext,
  wanted: readonly { readonly id: MonitorId; readonly after: number | "judged" }[],
): Promise<readonly HeartbeatCalls[]> {
  mustBeShared(context);
  const { db } = context;
  const found: HeartbeatCalls[] = [];
  for (const some of inChunks(wanted, rowsPerStatement)) {
    const ids = some.map(({ id }) => id);
    const states = await statesOf(context, ids);
    const after = some.map((one) => {
      const judged = states.get(one.id)?.judged ?? null;
      const calls = states.get(one.id)?.state?.pings ?? 0;
      // Of what was judged before hubs noted it, everything was.
      return one.after === "judged" ? (judged === null ? 0 : (judged.call ?? calls)) : one.after;
    });
    const rows = await db
      .selectFrom("ping")
      .innerJoin(
        sql<{
          id: string;
          after: number;
        }>`(select * from unnest(${ids}::text[], ${after}::bigint[]) as wanted (id, after))`.as(
          "wanted",
        ),
        (join) => join.onRef("wanted.id", "=", "ping.monitor_id"),
      )
      .selectAll("ping")
      .whereRef("ping.n", ">", "wanted.after")
      .orderBy("ping.monitor_id")
      .orderBy("ping.n")
      .execute();
    const calls = Map.groupBy(rows, (row) => row.monitor_id);
    for (const [index, id] of ids.entries()) {
      const kept = states.get(id);
      if (kept === undefined) continue;
      found.push({
        id,
        state: kept.state,
        judged: kept.judged,
        after: after[index] ?? 0,
        calls: (calls.get(id) ?? []).map((row): KeptPing => keptPingOf(row)),
      });
    }
  }
  return found;
}

/** See `FollowingStore.provisionHeartbeat`. */
export async function provisionHeartbeat(
  context: OperationContext,
  monitor: Monitor,
  status: StatusChange,
  audit: AuditEntry,
): Promise<MonitorId> {
  const { db, engine } = context;
  const { slug } = heartbeatSettingsOf(monitor);
  if (engine === "postgres") {
    // Hubs that are called with the same slug at the same moment make it one after another.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`slug ${slug}`}, 0))`.execute(db);
  }
  const rows = await db
    .selectFrom("monitor")
    .select(["id", "settings"])
    .where("kind", "=", heartbeatKind)
    .where("settings", "like", `%"slug":${toJson(slug)}%`)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  // A pattern takes `_` for any character.
  const known = rows.find((row) => fromJson<{ slug?: unknown }>(row.settings).slug === slug);
  if (known !== undefined) return asWritten<MonitorId>(known.id);
  await createMonitor(context, monitor, status, audit);
  return monitor.id;
}

/** What is known of monitors that exist; the state is that of the same moment as `judged`. */
async function statesOf(
  { db }: OperationContext,
  ids: readonly MonitorId[],
): Promise<
  ReadonlyMap<
    MonitorId,
    Pick<HeartbeatCalls, "judged"> & { readonly state: HeartbeatState | undefined }
  >
> {
  const rows = await db
    .selectFrom("monitor")
    .leftJoin("heartbeat", "heartbeat.monitor_id", "monitor.id")
    .leftJoin("monitor_now", "monitor_now.monitor_id", "monitor.id")
    .select(["monitor.id", "heartbeat.state", "monitor_now.body"])
    .where("monitor.id", "in", ids)
    .execute();
  return new Map(
    rows.map((row) => [
      asWritten<MonitorId>(row.id),
      {
        state: row.state === null ? undefined : fromJson<HeartbeatState>(row.state),
        judged: row.body === null ? null : fromJson<Shown>(row.body).lastCheck,
      },
    ]),
  );
}
