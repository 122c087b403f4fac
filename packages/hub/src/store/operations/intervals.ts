/**
 * Status intervals: for each monitor a chain of rows without gaps or overlaps, of which at most one is open. Uptime is
 * computed from them, so they are right even when a change arrives late or twice.
 */
import type { Selectable } from "kysely";
import type { Reason, Status } from "@belfry/contract";
import type { StatusChange } from "../../model/change.ts";
import type { MonitorId } from "../../model/id.ts";
import type { TimeRange } from "../../model/series.ts";
import type { StatusInterval } from "../port.ts";
import type { StatusIntervalTable } from "../tables.ts";
import { asWritten, inChunks, rowsPerStatement } from "../values.ts";
import type { OperationContext } from "./operation.ts";

type Row = Selectable<StatusIntervalTable>;

/**
 * Closes the open interval of each monitor at `at` and opens the next; gives the monitors that are there. What is said
 * of others is dropped. In a transaction this comes before any other `monitors.hold`.
 */
export async function changeStatuses(
  context: OperationContext,
  changes: readonly StatusChange[],
): Promise<ReadonlySet<string>> {
  if (changes.length === 0) return new Set();
  const ids = new Set(changes.map((one) => one.monitorId));
  const here = await context.monitors.hold(ids, "change");
  if (here.size > 0) {
    const open = await openIntervals(context, [...here]);
    const kept = changes.filter((one) => here.has(one.monitorId));
    await writeIntervals(context, chainIntervals(open, kept));
  }
  return here;
}

/**
 * The rows to write, those that end before those that are open. An interval that would last no time is replaced by the
 * next, a change to the same status and reason goes on with the row there is, and no interval begins before the one
 * it follows.
 */
export function chainIntervals(
  open: ReadonlyMap<string, Row>,
  changes: readonly StatusChange[],
): readonly Row[] {
  const present = new Map(open);
  const ended: Row[] = [];
  const changed = new Set<string>();
  for (const change of changes) {
    const before = present.get(change.monitorId);
    if (before?.status === change.status && before.reason === change.reason) continue;
    const startedAt = Math.max(change.at, before?.started_at ?? change.at);
    if (before !== undefined && startedAt > before.started_at) {
      ended.push({ ...before, ended_at: startedAt });
    }
    present.set(change.monitorId, {
      monitor_id: change.monitorId,
      started_at: startedAt,
      ended_at: null,
      status: change.status,
      reason: change.reason,
    });
    changed.add(change.monitorId);
  }
  const begun = [...changed].flatMap((id) => present.get(id) ?? []);
  return [...ended, ...begun];
}

async function openIntervals(
  { db }: OperationContext,
  ids: readonly string[],
): Promise<Map<string, Row>> {
  const found = new Map<string, Row>();
  for (const some of inChunks(ids, rowsPerStatement)) {
    const rows = await db
      .selectFrom("status_interval")
      .selectAll()
      .where("monitor_id", "in", some)
      .where("ended_at", "is", null)
      .execute();
    for (const row of rows) found.set(row.monitor_id, row);
  }
  return found;
}

async function writeIntervals({ db }: OperationContext, rows: readonly Row[]): Promise<void> {
  for (const some of inChunks(rows, rowsPerStatement)) {
    await db
      .insertInto("status_interval")
      .values([...some])
      .onConflict((conflict) =>
        conflict.columns(["monitor_id", "started_at"]).doUpdateSet((row) => ({
          ended_at: row.ref("excluded.ended_at"),
          status: row.ref("excluded.status"),
          reason: row.ref("excluded.reason"),
        })),
      )
      .execute();
  }
}

/** See `MonitorStore.closeGap`. An interval that began after `aliveAt` is left 1 ms: it was known to begin. */
export async function closeGap(context: OperationContext, aliveAt: number): Promise<void> {
  const open = await context.db
    .selectFrom("status_interval")
    .select(["monitor_id", "started_at"])
    .where("ended_at", "is", null)
    .where("status", "in", ["up", "degraded", "down", "maintenance"])
    .execute();
  const changes = open.map((row): StatusChange => ({
    monitorId: asWritten<MonitorId>(row.monitor_id),
    status: "unknown",
    reason: "not_running",
    at: Math.max(aliveAt, row.started_at + 1),
  }));
  await changeStatuses(context, changes);
}

/** See `MonitorStore.statusIntervals`. */
export async function statusIntervals(
  context: OperationContext,
  id: MonitorId,
  range: TimeRange,
): Promise<readonly StatusInterval[]> {
  return (await statusIntervalsOf(context, [id], range)).get(id) ?? [];
}

/** See `MonitorStore.statusIntervalsOf`; monitors without intervals in the range have an empty list. */
export async function statusIntervalsOf(
  { db }: OperationContext,
  ids: readonly MonitorId[],
  range: TimeRange,
): Promise<ReadonlyMap<MonitorId, readonly StatusInterval[]>> {
  const found = new Map<MonitorId, StatusInterval[]>(ids.map((id) => [id, []]));
  for (const some of inChunks(ids, rowsPerStatement)) {
    // From the last interval that began before the range: so a long past costs nothing.
    const rows = await db
      .selectFrom("monitor")
      .innerJoin("status_interval as i", "i.monitor_id", "monitor.id")
      .select(["i.monitor_id", "i.started_at", "i.ended_at", "i.status", "i.reason"])
      .where("monitor.id", "in", some)
      .where("i.started_at", "<=", range.to)
      .where((where) =>
        where(
          "i.started_at",
          ">=",
          where.fn.coalesce(
            where
              .selectFrom("status_interval as first")
              .select((select) => select.fn.max("first.started_at").as("at"))
              .whereRef("first.monitor_id", "=", "monitor.id")
              .where("first.started_at", "<=", range.from),
            where.val(range.from),
          ),
        ),
      )
      .where((where) =>
        where.or([where("i.ended_at", "is", null), where("i.ended_at", ">", range.from)]),
      )
      .orderBy("i.monitor_id")
      .orderBy("i.started_at")
      .execute();
    for (const row of rows) {
      found.get(asWritten<MonitorId>(row.monitor_id))?.push({
        status: asWritten<Status>(row.status),
        reason: row.reason === null ? null : asWritten<Reason>(row.reason),
        from: row.started_at,
        to: row.ended_at,
      });
    }
  }
  return found;
}
