/** What alerting consumes and keeps. */
import type { Selectable } from "kysely";
import type { Reason } from "@belfry/contract";
import type { AuditEntry } from "../../model/access.ts";
import { AppError } from "../../model/error.ts";
import type { IncidentId, MonitorId } from "../../model/id.ts";
import type { Incident, Subject } from "../../model/incident.ts";
import type { Transition } from "../../model/judgement.ts";
import type { Evidence } from "../../model/outcome.ts";
import type { TimeRange } from "../../model/series.ts";
import type { IncidentTable } from "../tables.ts";
import {
  asWritten,
  foreignText,
  fromJson,
  inChunks,
  rowsPerStatement,
  toInteger,
  toJson,
} from "../values.ts";
import { writeAudit } from "./audit.ts";
import type { OperationContext } from "./operation.ts";

/** See `AlertStore.pendingTransitions`. */
export async function pendingTransitions(
  { db }: OperationContext,
  limit: number,
): Promise<readonly { readonly sequence: number; readonly transition: Transition }[]> {
  const rows = await db
    .selectFrom("transition")
    .select(["sequence", "body"])
    .orderBy("sequence")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    sequence: row.sequence,
    transition: fromJson<Transition>(row.body),
  }));
}

/**
 * See `AlertStore.commitAlerting`. Rejects with `conflict` when one of the inputs was consumed already: what was made
 * from it would be made twice.
 */
export async function commitAlerting(
  context: OperationContext,
  step: { readonly consumed: readonly number[]; readonly incidents: readonly Incident[] },
): Promise<void> {
  let consumed = 0n;
  for (const some of inChunks(step.consumed, rowsPerStatement)) {
    const deleted = await context.db
      .deleteFrom("transition")
      .where("sequence", "in", some)
      .executeTakeFirst();
    consumed += deleted.numDeletedRows;
  }
  if (consumed !== BigInt(step.consumed.length)) {
    throw new AppError("conflict", "some of these transitions have been consumed already");
  }
  await writeIncidents(context, step.incidents);
}

/** See `AlertStore.updateIncident`. Rejects with `not_found` when there is no such incident. */
export async function updateIncident(
  context: OperationContext,
  changed: Incident,
  audit: AuditEntry,
): Promise<void> {
  const { id, ...columns } = rowOf(changed);
  const updated = await context.db
    .updateTable("incident")
    .set(columns)
    .where("id", "=", id)
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) throw new AppError("not_found", `there is no incident ${id}`);
  await writeAudit(context, audit);
}

/** See `AlertStore.openIncidents`; the oldest first. */
export async function openIncidents({ db }: OperationContext): Promise<readonly Incident[]> {
  const rows = await db
    .selectFrom("incident")
    .selectAll()
    .where("resolved_at", "is", null)
    .orderBy("opened_at")
    .orderBy("id")
    .execute();
  return rows.map(incidentOf);
}

/** See `AlertStore.incident`. */
export async function incident(
  { db }: OperationContext,
  id: IncidentId,
): Promise<Incident | undefined> {
  const row = await db.selectFrom("incident").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : incidentOf(row);
}

/** Kinds of subjects whose id is a monitor's: a host has the id of the monitor that follows it. */
const followedKinds: readonly Subject["kind"][] = ["monitor", "host"];

/**
 * See `AlertStore.incidents`: by the time they opened, newest first. `range` takes those that were open at some time
 * within it; a cursor that names no incident gives an empty page.
 */
export async function incidents(
  { db }: OperationContext,
  query: {
    readonly monitorId?: MonitorId;
    readonly open?: boolean;
    readonly range?: TimeRange;
    readonly cursor?: string;
    readonly limit: number;
  },
): Promise<readonly Incident[]> {
  let select = db
    .selectFrom("incident")
    .selectAll("incident")
    .orderBy("incident.opened_at", "desc")
    .orderBy("incident.id", "desc")
    .limit(query.limit);
  const { monitorId, open, range, cursor } = query;
  if (monitorId !== undefined) {
    select = select.where((where) =>
      where.exists(
        where
          .selectFrom("incident_subject")
          .select("incident_subject.incident_id")
          .where("incident_subject.kind", "in", followedKinds)
          .where("incident_subject.subject_id", "=", monitorId)
          .whereRef("incident_subject.incident_id", "=", "incident.id"),
      ),
    );
  }
  if (open !== undefined) select = select.where("resolved_at", open ? "is" : "is not", null);
  if (range !== undefined) {
    select = select
      .where("opened_at", "<=", range.to)
      .where((where) =>
        where.or([where("resolved_at", "is", null), where("resolved_at", ">=", range.from)]),
      );
  }
  if (cursor !== undefined) {
    select = select.where((where) =>
      where(
        where.refTuple("incident.opened_at", "incident.id"),
        "<",
        where
          .selectFrom("incident as last")
          .select(["last.opened_at", "last.id"])
          .where("last.id", "=", cursor)
          .$asTuple("opened_at", "id"),
      ),
    );
  }
  return (await select.execute()).map(incidentOf);
}

async function writeIncidents(
  { db }: OperationContext,
  written: readonly Incident[],
): Promise<void> {
  for (const some of inChunks(written, rowsPerStatement)) {
    await db
      .insertInto("incident")
      .values(some.map(rowOf))
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((row) => ({
          acknowledged_at: row.ref("excluded.acknowledged_at"),
          resolved_at: row.ref("excluded.resolved_at"),
          reason: row.ref("excluded.reason"),
          message: row.ref("excluded.message"),
          flapping: row.ref("excluded.flapping"),
          subjects: row.ref("excluded.subjects"),
          evidence: row.ref("excluded.evidence"),
        })),
      )
      .execute();
    const subjects = some.flatMap((one) =>
      one.subjects.map(({ kind, id }) => ({ kind, subject_id: id, incident_id: one.id })),
    );
    for (const rows of inChunks(subjects, rowsPerStatement)) {
      await db
        .insertInto("incident_subject")
        .values([...rows])
        .onConflict((conflict) =>
          conflict.columns(["kind", "subject_id", "incident_id"]).doNothing(),
        )
        .execute();
    }
  }
}

function rowOf(incidentValue: Incident): IncidentTable {
  return {
    id: incidentValue.id,
    opened_at: incidentValue.openedAt,
    decided_at: incidentValue.decidedAt,
    acknowledged_at: incidentValue.acknowledgedAt,
    resolved_at: incidentValue.resolvedAt,
    reason: incidentValue.reason,
    message: foreignText(incidentValue.message),
    flapping: toInteger(incidentValue.flapping),
    subjects: toJson(incidentValue.subjects),
    evidence: toJson(incidentValue.evidence),
  };
}

function incidentOf(row: Selectable<IncidentTable>): Incident {
  return {
    id: asWritten<IncidentId>(row.id),
    subjects: fromJson<Incident["subjects"]>(row.subjects),
    openedAt: row.opened_at,
    decidedAt: row.decided_at,
    acknowledgedAt: row.acknowledged_at,
    resolvedAt: row.resolved_at,
    reason: asWritten<Reason>(row.reason),
    message: row.message,
    evidence: fromJson<Evidence>(row.evidence),
    flapping: row.flapping === 1,
  };
}
