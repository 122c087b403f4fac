/** What was decided about checks: the one write of a check's path, and the reads of its failures. */
import type { Reason } from "@belfry/contract";
import type { Change, CommitMark, CommitResult, FailedCheck } from "../../model/change.ts";
import type { MonitorId } from "../../model/id.ts";
import { monitorOfSource } from "../../model/monitor-series.ts";
import type { TimeRange } from "../../model/series.ts";
import { asWritten, foreignText, inChunks, rowsPerStatement, toJson } from "../values.ts";
import { dropOutdated, isFenced, writeShown } from "./fleet-fence.ts";
import { changeStatuses } from "./intervals.ts";
import type { OperationContext } from "./operation.ts";

/** A change without its frames, which travel in the context. */
export type Decisions = Omit<Change, "frames">;

/**
 * See `MonitorStore.commit`. What belongs to a monitor that was deleted meanwhile is dropped: a check in flight must
 * not bring back a part of it, and must not hold up the other checks of the change.
 */
export async function commit(
  context: OperationContext,
  decisions: Decisions,
): Promise<CommitResult> {
  const isShared = context.engine === "postgres";
  const { fence, mark, shown } = decisions;
  if (isShared && fence !== undefined && (await isFenced(context, fence))) return "fenced";
  if (mark !== undefined && !(await isNew(context, mark))) return "stored";
  if (isShared && shown !== undefined) {
    const current = await dropOutdated(context, decisions, shown);
    await write(context, current.decisions, current.held);
  } else {
    await write(context, decisions, new Set());
  }
  return "stored";
}

/** Writes decisions; `held` are monitors that are there and held. */
async function write(
  context: OperationContext,
  decisions: Decisions,
  held: ReadonlySet<string>,
): Promise<void> {
  const changed = await changeStatuses(context, decisions.statusChanges);
  const others = new Set<string>();
  for (const one of decisions.judged) others.add(one.monitorId);
  for (const one of decisions.failedChecks) others.add(one.monitorId);
  for (const frame of context.frames) {
    const id = monitorOfSource(frame.source);
    if (id !== undefined) others.add(id);
  }
  for (const id of others) if (changed.has(id) || held.has(id)) others.delete(id);
  const kept = await context.monitors.hold(others, "keep");
  const isHere = (id: string): boolean => held.has(id) || kept.has(id) || changed.has(id);
  await writeStates(
    context,
    decisions.judged.filter((one) => isHere(one.monitorId)),
  );
  await writeFailures(
    context,
    decisions.failedChecks.filter((one) => isHere(one.monitorId)),
  );
  await writeTransitions(context, decisions.transitions);
  const frames = context.frames.filter((frame) => {
    const id = monitorOfSource(frame.source);
    return id === undefined || isHere(id);
  });
  if (frames.length > 0) await context.series.append(context.seriesTables, frames);
  if (held.size > 0) await writeShown(context, decisions.shown ?? [], isHere);
}

/** Notes the mark of a change; false: this change, or a later one of the same queue, was written before. */
async function isNew(
  { db }: OperationContext,
  { writer, number, at }: CommitMark,
): Promise<boolean> {
  const result = await db
    .insertInto("commit_mark")
    .values({ writer, number, at })
    .onConflict((conflict) =>
      conflict
        .column("writer")
        .doUpdateSet({ number, at })
        .where("commit_mark.number", "<", number),
    )
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

async function writeStates({ db }: OperationContext, judged: Decisions["judged"]): Promise<void> {
  for (const some of inChunks(judged.toSorted(byMonitor), rowsPerStatement)) {
    await db
      .insertInto("judge_state")
      .values(some.map((one) => ({ monitor_id: one.monitorId, state: toJson(one.state) })))
      .onConflict((conflict) =>
        conflict.column("monitor_id").doUpdateSet((row) => ({ state: row.ref("excluded.state") })),
      )
      .execute();
  }
}

/** A check that is there already is left as it is: a change may be committed again when its answer got lost. */
async function writeFailures(
  { db }: OperationContext,
  failures: readonly FailedCheck[],
): Promise<void> {
  for (const some of inChunks(failures.toSorted(byMonitor), rowsPerStatement)) {
    await db
      .insertInto("failed_check")
      .values(
        some.map((one) => ({
          monitor_id: one.monitorId,
          checked_at: one.checkedAt,
          location: one.location,
          result: one.result,
          reason: one.reason,
          message: foreignText(one.message),
          status_code: one.statusCode,
          latency_ms: one.latencyMs,
          evidence: one.evidence === null ? null : toJson(one.evidence),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(["monitor_id", "checked_at", "location"]).doNothing(),
      )
      .execute();
  }
}

async function writeTransitions(
  { db }: OperationContext,
  transitions: Decisions["transitions"],
): Promise<void> {
  for (const some of inChunks(transitions, rowsPerStatement)) {
    await db
      .insertInto("transition")
      .values(some.map((one) => ({ monitor_id: one.monitorId, body: toJson(one) })))
      .execute();
  }
}

/** Transactions that write the same rows write them in the same order. */
function byMonitor(
  a: { readonly monitorId: MonitorId },
  b: { readonly monitorId: MonitorId },
): number {
  return a.monitorId < b.monitorId ? -1 : a.monitorId > b.monitorId ? 1 : 0;
}

/** See `MonitorStore.failedChecks`. */
export async function failedChecks(
  { db }: OperationContext,
  id: MonitorId,
  range: TimeRange,
  limit: number,
): Promise<readonly Omit<FailedCheck, "evidence">[]> {
  const rows = await db
    .selectFrom("failed_check")
    .select(["checked_at", "location", "result", "reason", "message", "status_code", "latency_ms"])
    .where("monitor_id", "=", id)
    .where("checked_at", ">=", range.from)
    .where("checked_at", "<=", range.to)
    .orderBy("checked_at", "desc")
    .orderBy("location", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    monitorId: id,
    checkedAt: row.checked_at,
    location: row.location,
    result: asWritten<FailedCheck["result"]>(row.result),
    reason: asWritten<Reason>(row.reason),
    message: row.message,
    statusCode: row.status_code,
    latencyMs: row.latency_ms,
  }));
}
