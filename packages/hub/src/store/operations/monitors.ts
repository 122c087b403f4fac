/** Monitors: read once at start, then kept in memory by the hub; written by people. */
import type { Selectable } from "kysely";
import type { JsonObject } from "@belfry/contract";
import type { AuditEntry } from "../../model/access.ts";
import type { StatusChange } from "../../model/change.ts";
import { AppError } from "../../model/error.ts";
import { hostSource, type DecidedOfHost } from "../../model/host.ts";
import type { MonitorId } from "../../model/id.ts";
import type { JudgeState } from "../../model/judgement.ts";
import type { Placement } from "../../model/location.ts";
import type { Judging, Monitor } from "../../model/monitor.ts";
import { monitorSource } from "../../model/monitor-series.ts";
import type { Database, MonitorTable } from "../tables.ts";
import {
  asWritten,
  fromJson,
  inChunks,
  plainText,
  rowsPerStatement,
  toInteger,
  toJson,
} from "../values.ts";
import { writeAudit } from "./audit.ts";
import { changeStatuses } from "./intervals.ts";
import { resetLocations } from "./locations.ts";
import type { OperationContext } from "./operation.ts";

/** A monitor with its judge state, which is absent before the first check. */
interface WithState {
  readonly monitor: Monitor;
  readonly state: JudgeState | undefined;
}

/** See `MonitorStore.loadMonitors`; the oldest first. */
export async function loadMonitors({ db }: OperationContext): Promise<readonly WithState[]> {
  return (await selectWithStates(db).execute()).map(withStateOf);
}

/** See `FleetStore.monitorsOf`. */
export async function monitorsOf(
  { db }: OperationContext,
  ids: readonly MonitorId[],
): Promise<readonly WithState[]> {
  const found: WithState[] = [];
  for (const some of inChunks(ids, rowsPerStatement)) {
    const rows = await selectWithStates(db).where("monitor.id", "in", some).execute();
    found.push(...rows.map(withStateOf));
  }
  return found;
}

/** See `FleetStore.monitorVersions`. */
export async function monitorVersions({
  db,
}: OperationContext): Promise<ReadonlyMap<MonitorId, number>> {
  const rows = await db.selectFrom("monitor").select(["id", "version"]).execute();
  return new Map(rows.map((row) => [asWritten<MonitorId>(row.id), row.version]));
}

function selectWithStates(db: Database) {
  return db
    .selectFrom("monitor")
    .leftJoin("judge_state", "judge_state.monitor_id", "monitor.id")
    .selectAll("monitor")
    .select("judge_state.state")
    .orderBy("monitor.created_at")
    .orderBy("monitor.id");
}

function withStateOf(row: Selectable<MonitorTable> & { readonly state: string | null }): WithState {
  return {
    monitor: monitorOf(row),
    state: row.state === null ? undefined : fromJson<JudgeState>(row.state),
  };
}

/** See `MonitorStore.createMonitor`. Rejects with `conflict` when the id is taken. */
export async function createMonitor(
  context: OperationContext,
  monitor: Monitor,
  status: StatusChange,
  audit: AuditEntry,
): Promise<void> {
  const inserted = await context.db
    .insertInto("monitor")
    .values(rowOf(monitor))
    .onConflict((conflict) => conflict.column("id").doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) {
    throw new AppError("conflict", `there is a monitor ${monitor.id} already`);
  }
  context.monitors.added(monitor.id);
  await changeStatuses(context, [status]);
  await writeAudit(context, audit);
}

/** See `MonitorStore.updateMonitor`. */
export async function updateMonitor(
  context: OperationContext,
  monitor: Monitor,
  options: {
    readonly status: StatusChange | null;
    readonly resetState: boolean;
    readonly host?: DecidedOfHost;
  },
  audit: AuditEntry,
): Promise<"updated" | "version_mismatch" | "missing"> {
  const { db } = context;
  const { id, ...columns } = rowOf(monitor);
  const updated = await db
    .updateTable("monitor")
    .set(columns)
    .where("id", "=", id)
    .where("version", "=", monitor.version - 1)
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) {
    const other = await db.selectFrom("monitor").select("id").where("id", "=", id).execute();
    return other.length === 0 ? "missing" : "version_mismatch";
  }
  if (options.host !== undefined) await decideOfHost(context, monitor.id, options.host);
  if (options.status !== null) await changeStatuses(context, [options.status]);
  if (options.resetState) {
    await db.deleteFrom("judge_state").where("monitor_id", "=", id).execute();
    await resetLocations(context, monitor);
  }
  await writeAudit(context, audit);
  return "updated";
}

async function decideOfHost(
  { db }: OperationContext,
  id: MonitorId,
  { nameIsChosen, silentAfterMs, retentionMs }: DecidedOfHost,
): Promise<void> {
  await db
    .updateTable("host")
    .set({
      name_is_chosen: toInteger(nameIsChosen),
      silent_after_ms: silentAfterMs,
      retention_ms: retentionMs,
    })
    .where("id", "=", id)
    .execute();
}

/**
 * See `MonitorStore.deleteMonitor`. Its state, intervals and failed checks go with it by their foreign keys, as does the
 * host it follows.
 */
export async function deleteMonitor(
  context: OperationContext,
  id: MonitorId,
  audit: AuditEntry,
): Promise<boolean> {
  const deleted = await context.db.deleteFrom("monitor").where("id", "=", id).executeTakeFirst();
  if (deleted.numDeletedRows === 0n) return false;
  context.monitors.removed(id);
  await context.series.deleteSource(context.seriesTables, monitorSource(id));
  await context.series.deleteSource(context.seriesTables, hostSource(id));
  await writeAudit(context, audit);
  return true;
}

const aliveNote = "alive_at";

/** See `MonitorStore.touchAlive`; it never goes back. */
export async function touchAlive({ db }: OperationContext, at: number): Promise<void> {
  await db
    .insertInto("note")
    .values({ name: aliveNote, value: at })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({ value: at }).where("note.value", "<", at),
    )
    .execute();
}

/** See `MonitorStore.readAlive`. */
export async function readAlive({ db }: OperationContext): Promise<number | undefined> {
  const row = await db
    .selectFrom("note")
    .select("value")
    .where("name", "=", aliveNote)
    .executeTakeFirst();
  return row?.value;
}

function rowOf(monitor: Monitor): MonitorTable {
  return {
    id: monitor.id,
    name: plainText(monitor.name, "name"),
    kind: monitor.kind,
    settings: toJson(monitor.settings),
    labels: toJson(monitor.labels),
    depends_on: toJson(monitor.dependsOn),
    enabled: toInteger(monitor.enabled),
    interval_ms: monitor.intervalMs,
    timeout_ms: monitor.timeoutMs,
    judging: toJson(monitor.judging),
    version: monitor.version,
    created_at: monitor.createdAt,
    updated_at: monitor.updatedAt,
    placement: monitor.placement === undefined ? null : toJson(monitor.placement),
  };
}

function monitorOf(row: Selectable<MonitorTable>): Monitor {
  return {
    id: asWritten<MonitorId>(row.id),
    name: row.name,
    kind: row.kind,
    settings: fromJson<JsonObject>(row.settings),
    labels: fromJson<Monitor["labels"]>(row.labels),
    dependsOn: fromJson<readonly MonitorId[]>(row.depends_on),
    enabled: row.enabled === 1,
    intervalMs: row.interval_ms,
    timeoutMs: row.timeout_ms,
    judging: fromJson<Judging>(row.judging),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.placement === null ? {} : { placement: fromJson<Placement>(row.placement) }),
  };
}
