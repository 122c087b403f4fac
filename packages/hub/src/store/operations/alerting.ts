/** What alerting consumes and keeps. */
import { sql, type Selectable } from "kysely";
import type { Reason, Severity } from "@belfry/contract";
import type { AuditEntry } from "../../model/access.ts";
import { AppError } from "../../model/error.ts";
import type { IncidentId } from "../../model/id.ts";
import {
  emptyFlow,
  type FlowState,
  type Incident,
  type IncidentCause,
  type IncidentComment,
  type Subject,
  type SuppressedBy,
  type Trouble,
} from "../../model/incident.ts";
import type { Transition } from "../../model/judgement.ts";
import type { NewNotice, NoticeGroup } from "../../model/notice.ts";
import type { Evidence } from "../../model/outcome.ts";
import { foldText } from "../../model/job.ts";
import type { TimeRange } from "../../model/series.ts";
import type { IncidentTable } from "../tables.ts";
import {
  asWritten,
  foreignText,
  fromJson,
  inChunks,
  keyText,
  plainText,
  rowsPerStatement,
  toInteger,
  toJson,
} from "../values.ts";
import { writeAudit } from "./audit.ts";
import { noticeGroups, writeGroups, writeNotices } from "./notices.ts";
import type { OperationContext } from "./operation.ts";

/** One step of alerting; see `AlertStore.commitAlerting`. */
export interface AlertingStep {
  /** The steps it was decided after, as `alertingState` counted them; left out: whatever was decided meanwhile. */
  readonly after?: number;
  readonly consumed: readonly number[];
  readonly signals?: readonly number[];
  readonly incidents: readonly Incident[];
  readonly notices?: readonly NewNotice[];
  readonly groups?: readonly NoticeGroup[];
  readonly comments?: readonly IncidentComment[];
  readonly audit?: readonly AuditEntry[];
}

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

/** What alerting decides from; see `AlertStore.alertingState`. */
export async function alertingState(context: OperationContext): Promise<{
  readonly steps: number;
  readonly incidents: readonly Incident[];
  readonly groups: readonly NoticeGroup[];
}> {
  return {
    steps: await alertingSteps(context),
    incidents: await openIncidents(context),
    groups: await noticeGroups(context),
  };
}

/** See `AlertStore.alertingSteps`. */
export async function alertingSteps({ db }: OperationContext): Promise<number> {
  const row = await db
    .selectFrom("note")
    .select("value")
    .where("name", "=", stepsNote)
    .executeTakeFirst();
  return row?.value ?? 0;
}

/**
 * See `AlertStore.commitAlerting`. Rejects with `conflict` when one of the inputs was consumed already or an incident was
 * written meanwhile: what was made from it would be made twice.
 */
export async function commitAlerting(context: OperationContext, step: AlertingStep): Promise<void> {
  // First of all: of several hubs, each waits here until those before it are done, so that notices are numbered in the
  // order in which they were decided.
  await countStep(context, step.after);
  await consume(context, "transition", step.consumed);
  await consume(context, "signal", step.signals ?? []);
  await writeIncidents(context, step.incidents);
  await writeGroups(context, step.groups ?? []);
  await writeNotices(context, step.notices ?? []);
  for (const { incidentId, at, by, text } of step.comments ?? []) {
    await context.db
      .insertInto("incident_comment")
      .values({ incident_id: incidentId, at, by, text: plainText(text, "text") })
      .execute();
  }
  for (const entry of step.audit ?? []) await writeAudit(context, entry);
}

const stepsNote = "alerting_steps";

async function countStep({ db }: OperationContext, after: number | undefined): Promise<void> {
  const counted = await db
    .insertInto("note")
    .values({ name: stepsNote, value: 1 })
    .onConflict((conflict) => {
      const update = conflict
        .column("name")
        .doUpdateSet((set) => ({ value: set("note.value", "+", 1) }));
      return after === undefined ? update : update.where("note.value", "=", after);
    })
    .executeTakeFirst();
  if (counted.numInsertedOrUpdatedRows !== 1n) {
    throw new AppError("conflict", "another hub decided meanwhile");
  }
}

async function consume(
  { db }: OperationContext,
  table: "transition" | "signal",
  sequences: readonly number[],
): Promise<void> {
  let consumed = 0n;
  for (const some of inChunks(sequences, rowsPerStatement)) {
    const deleted = await db.deleteFrom(table).where("sequence", "in", some).executeTakeFirst();
    consumed += deleted.numDeletedRows;
  }
  if (consumed !== BigInt(sequences.length)) {
    throw new AppError("conflict", "some of these inputs have been consumed already");
  }
}

/** See `AlertStore.openIncidents`; the oldest first. */
export async function openIncidents({ db }: OperationContext): Promise<readonly Incident[]> {
  const rows = await db
    .selectFrom("incident")
    .selectAll()
    .where((where) =>
      where.or([where("resolved_at", "is", null), where("wake_at", "is not", null)]),
    )
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

/** See `AlertStore.incidentComments`. */
export async function incidentComments(
  { db }: OperationContext,
  id: IncidentId,
  limit: number,
): Promise<readonly IncidentComment[]> {
  const rows = await db
    .selectFrom("incident_comment")
    .selectAll()
    .where("incident_id", "=", id)
    .orderBy("sequence", "desc")
    .limit(limit)
    .execute();
  return rows
    .toReversed()
    .map(({ at, by, text }): IncidentComment => ({ incidentId: id, at, by, text }));
}

/** What incidents are asked for; see `AlertStore.incidents`. */
export interface IncidentQuery {
  readonly subjectId?: string;
  readonly open?: boolean;
  readonly severity?: Severity;
  readonly text?: string;
  readonly range?: TimeRange;
  readonly cursor?: string;
  readonly limit: number;
}

/**
 * See `AlertStore.incidents`: by the time they opened, newest first. `range` takes those that were open at some time
 * within it; a cursor that names no incident gives an empty page.
 */
export async function incidents(
  { db }: OperationContext,
  query: IncidentQuery,
): Promise<readonly Incident[]> {
  let select = db
    .selectFrom("incident")
    .selectAll("incident")
    .orderBy("incident.opened_at", "desc")
    .orderBy("incident.id", "desc")
    .limit(query.limit);
  const { subjectId, open, severity, text, range, cursor } = query;
  if (subjectId !== undefined) {
    select = select.where((where) =>
      where.exists(
        where
          .selectFrom("incident_subject")
          .select("incident_subject.incident_id")
          .where("incident_subject.subject_id", "=", keyText(subjectId))
          .whereRef("incident_subject.incident_id", "=", "incident.id"),
      ),
    );
  }
  if (open !== undefined) select = select.where("resolved_at", open ? "is" : "is not", null);
  if (severity !== undefined) select = select.where("severity", "=", severity);
  for (const word of foldText(text ?? "").split(/\s+/)) {
    if (word === "") continue;
    const pattern = `%${word.replaceAll(/[!%_]/g, "!$&")}%`;
    select = select.where(sql<boolean>`incident.folded like ${pattern} escape '!'`);
  }
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

/** Bounded by what a row of SQLite's statement may hold: an incident has more columns than other rows. */
const incidentsPerStatement = 200;

async function writeIncidents(
  { db }: OperationContext,
  written: readonly Incident[],
): Promise<void> {
  for (const some of inChunks(written, incidentsPerStatement)) {
    const result = await db
      .insertInto("incident")
      .values(some.map(rowOf))
      .onConflict((conflict) =>
        conflict
          .column("id")
          .doUpdateSet((row) => {
            const changed = changedColumns.map((name) => [name, row.ref(`excluded.${name}`)]);
            return Object.fromEntries(changed) as object;
          })
          .where((where) =>
            where("incident.revision", "=", sql<number>`${sql.ref("excluded.revision")} - 1`),
          ),
      )
      .executeTakeFirst();
    if (result.numInsertedOrUpdatedRows !== BigInt(some.length)) {
      throw new AppError("conflict", "an incident was changed meanwhile");
    }
    await writeSubjects({ db }, some);
  }
}

async function writeSubjects(
  { db }: Pick<OperationContext, "db">,
  written: readonly Incident[],
): Promise<void> {
  const subjects = written.flatMap((one) =>
    one.subjects.map(({ kind, id }) => ({
      kind,
      subject_id: keyText(id),
      incident_id: one.id,
    })),
  );
  for (const rows of inChunks(subjects, rowsPerStatement)) {
    await db
      .insertInto("incident_subject")
      .values([...rows])
      .onConflict((conflict) => conflict.columns(["kind", "subject_id", "incident_id"]).doNothing())
      .execute();
  }
}

/** What a later write of the same incident changes. */
const changedColumns = [
  "opened_at",
  "acknowledged_at",
  "acknowledged_by",
  "resolved_at",
  "reason",
  "message",
  "flapping",
  "subjects",
  "evidence",
  "title",
  "severity",
  "labels",
  "troubles",
  "cause",
  "suppressed_by",
  "flow",
  "folded",
  "snoozed_until",
  "held_until",
  "wake_at",
  "revision",
] as const;

/** Characters of names that are searched in. */
const longestFolded = 4_000;

function rowOf(one: Incident): IncidentTable {
  const names = one.subjects.map(({ name }) => name);
  return {
    id: one.id,
    opened_at: one.openedAt,
    decided_at: one.decidedAt,
    acknowledged_at: one.acknowledgedAt,
    resolved_at: one.resolvedAt,
    reason: one.reason ?? "",
    message: foreignText(one.message),
    flapping: toInteger(one.flapping),
    subjects: toJson(one.subjects),
    evidence: toJson(one.evidence),
    title: foreignText(one.title),
    severity: one.severity,
    labels: toJson(one.labels),
    troubles: toJson(one.troubles),
    cause: one.cause === null ? null : toJson(one.cause),
    acknowledged_by: one.acknowledgedBy === null ? null : foreignText(one.acknowledgedBy),
    suppressed_by: one.suppressedBy,
    flow: toJson(one.flow),
    folded: foreignText(foldText([one.title, ...names].join("\n").slice(0, longestFolded))),
    snoozed_until: one.snoozedUntil,
    held_until: one.heldUntil,
    wake_at: one.wakeAt,
    revision: one.revision,
  };
}

function incidentOf(row: Selectable<IncidentTable>): Incident {
  const subjects = fromJson<readonly Subject[]>(row.subjects);
  return {
    id: asWritten<IncidentId>(row.id),
    title: row.title ?? `${subjects[0]?.name ?? "something"} is down`,
    severity: asWritten<Severity>(row.severity ?? "critical"),
    subjects,
    cause: row.cause === null ? null : fromJson<IncidentCause>(row.cause),
    troubles: row.troubles === null ? formerTroubles(row, subjects) : fromJson(row.troubles),
    labels: row.labels === null ? {} : fromJson<Incident["labels"]>(row.labels),
    openedAt: row.opened_at,
    decidedAt: row.decided_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    snoozedUntil: row.snoozed_until,
    resolvedAt: row.resolved_at,
    suppressedBy: row.suppressed_by === null ? null : asWritten<SuppressedBy>(row.suppressed_by),
    reason: row.reason === "" ? null : asWritten<Reason>(row.reason),
    message: row.message,
    evidence: fromJson<Evidence>(row.evidence),
    flapping: row.flapping === 1,
    heldUntil: row.held_until,
    wakeAt: row.wake_at,
    flow: row.flow === null ? emptyFlow : { ...emptyFlow, ...fromJson<FlowState>(row.flow) },
    revision: row.revision,
  };
}

/** A hub of the release before knew incidents of one monitor or host that is down. */
function formerTroubles(
  row: Selectable<IncidentTable>,
  subjects: readonly Subject[],
): readonly Trouble[] {
  return subjects.map((subject) => {
    const rule = subject.kind === "host" ? "host_silent" : "monitor_down";
    return {
      key: `${rule}:${subject.kind}:${subject.id}`,
      rule,
      subject,
      severity: "critical",
      message: row.message,
      labels: {},
      since: row.opened_at,
      until: row.resolved_at,
    };
  });
}
