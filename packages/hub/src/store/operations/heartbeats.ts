/** Calls of heartbeats: many at once in one transaction, each applied to what the calls before it came to. */
import type { PingKind } from "@belfry/contract";
import type { Selectable } from "kysely";
import {
  mostPings,
  neverCalled,
  takePing,
  type HeartbeatState,
  type KeptHeartbeat,
  type KeptPing,
  type Ping,
  type TakenPing,
} from "../../model/heartbeat.ts";
import type { MonitorId } from "../../model/id.ts";
import type { Database, PingTable } from "../tables.ts";
import { asWritten, foreignText, fromJson, inChunks, rowsPerStatement, toJson } from "../values.ts";
import { thisTransaction } from "./changed-in.ts";
import type { OperationContext } from "./operation.ts";

/** A call of a monitor. */
export interface PingOf {
  readonly id: MonitorId;
  readonly ping: Ping;
}

/** Calls beyond those that are kept are dropped this many at a time. */
const droppedAtOnce = 20;

/** See `HeartbeatStore.takePings`. */
export async function takePings(
  context: OperationContext,
  pings: readonly PingOf[],
): Promise<readonly (TakenPing | null)[]> {
  const { db } = context;
  const held = await context.monitors.hold(new Set(pings.map(({ id }) => id)), "change");
  const states = await statesOf(
    db,
    [...held].map((id) => asWritten<MonitorId>(id)),
  );
  const before = new Map(states);
  const kept: { readonly id: MonitorId; readonly ping: Ping; readonly taken: TakenPing }[] = [];
  const answers = pings.map(({ id, ping }) => {
    if (!held.has(id)) return null;
    const taken = takePing(states.get(id) ?? neverCalled, ping);
    states.set(id, taken.state);
    kept.push({ id, ping, taken });
    return taken;
  });
  await writeStates(context, states);
  for (const some of inChunks(kept, rowsPerStatement)) {
    await db.insertInto("ping").values(some.map(rowOf)).execute();
  }
  for (const [id, { pings: count }] of states) {
    const former = before.get(id)?.pings ?? 0;
    if (Math.floor(count / droppedAtOnce) === Math.floor(former / droppedAtOnce)) continue;
    const last = count - mostPings;
    if (last < 1) continue;
    await db.deleteFrom("ping").where("monitor_id", "=", id).where("n", "<=", last).execute();
  }
  return answers;
}

/** See `HeartbeatStore.excuseHeartbeats`. */
export async function excuseHeartbeats(
  context: OperationContext,
  excused: readonly { readonly id: MonitorId; readonly until: number }[],
): Promise<void> {
  const held = await context.monitors.hold(new Set(excused.map(({ id }) => id)), "change");
  const states = await statesOf(
    context.db,
    [...held].map((id) => asWritten<MonitorId>(id)),
  );
  for (const { id, until } of excused) {
    if (!held.has(id)) continue;
    const state = states.get(id) ?? neverCalled;
    states.set(id, { ...state, excusedAt: Math.max(state.excusedAt ?? 0, until) });
  }
  await writeStates(context, states);
}

/** See `HeartbeatStore.heartbeats`. */
export async function heartbeats({ db }: OperationContext): Promise<readonly KeptHeartbeat[]> {
  const rows = await db.selectFrom("heartbeat").selectAll().orderBy("monitor_id").execute();
  return rows.map((row) => ({
    id: asWritten<MonitorId>(row.monitor_id),
    state: fromJson<HeartbeatState>(row.state),
  }));
}

/** See `HeartbeatStore.pings`. */
export async function pings(
  { db }: OperationContext,
  id: MonitorId,
  page: { readonly before?: number; readonly limit: number },
): Promise<readonly KeptPing[]> {
  let select = db.selectFrom("ping").selectAll().where("monitor_id", "=", id);
  if (page.before !== undefined) select = select.where("n", "<", page.before);
  const rows = await select.orderBy("n", "desc").limit(page.limit).execute();
  return rows.map(keptPingOf);
}

/** A call as it is read. */
export function keptPingOf(row: Selectable<PingTable>): KeptPing {
  return {
    n: row.n,
    at: row.at,
    kind: asWritten<PingKind>(row.kind),
    exitCode: row.exit_code,
    rid: row.rid,
    durationMs: row.duration_ms,
    method: row.method,
    source: row.source,
    userAgent: row.user_agent,
    body: row.body,
    bodyBytes: row.body_bytes,
  };
}

async function statesOf(
  db: Database,
  ids: readonly MonitorId[],
): Promise<Map<MonitorId, HeartbeatState>> {
  const states = new Map<MonitorId, HeartbeatState>();
  for (const some of inChunks(ids, rowsPerStatement)) {
    const rows = await db
      .selectFrom("heartbeat")
      .selectAll()
      .where("monitor_id", "in", some)
      .execute();
    for (const row of rows) {
      states.set(asWritten<MonitorId>(row.monitor_id), fromJson<HeartbeatState>(row.state));
    }
  }
  return states;
}

async function writeStates(
  { db, engine }: OperationContext,
  states: ReadonlyMap<MonitorId, HeartbeatState>,
): Promise<void> {
  const mark = engine === "postgres" ? { changed_in: thisTransaction } : {};
  for (const some of inChunks([...states], rowsPerStatement)) {
    await db
      .insertInto("heartbeat")
      .values(some.map(([id, state]) => ({ monitor_id: id, state: toJson(state), ...mark })))
      .onConflict((conflict) =>
        conflict
          .column("monitor_id")
          .doUpdateSet((row) => ({ state: row.ref("excluded.state"), ...mark })),
      )
      .execute();
  }
}

function rowOf({ id, ping, taken }: { id: MonitorId; ping: Ping; taken: TakenPing }) {
  return {
    monitor_id: id,
    n: taken.n,
    at: ping.at,
    kind: ping.kind,
    exit_code: ping.exitCode,
    rid: ping.rid,
    duration_ms: taken.durationMs,
    method: ping.method,
    source: ping.source,
    user_agent: foreignText(ping.userAgent),
    body: foreignText(ping.body),
    body_bytes: ping.bodyBytes,
  };
}
