/** What people change of jobs. */
import type { AuditEntry } from "../../model/access.ts";
import { jobSource, type JobId, type JobSettingsChange } from "../../model/job.ts";
import { toJson } from "../values.ts";
import { writeAudit } from "./audit.ts";
import { refreshJob, silenceJob } from "./job-refresh.ts";
import { deleteRuns } from "./jobs-drop.ts";
import type { OperationContext } from "./operation.ts";

/** See `JobStore.changeJob`. */
export async function changeJob(
  context: OperationContext,
  id: JobId,
  change: JobSettingsChange,
  version: number,
  audit: AuditEntry,
): Promise<"updated" | "version_mismatch" | "missing"> {
  const { db, engine } = context;
  let select = db.selectFrom("job").select(["version", "schedule"]).where("id", "=", id);
  if (engine === "postgres") select = select.forUpdate();
  const former = await select.executeTakeFirst();
  if (former === undefined) return "missing";
  if (former.version !== version) return "version_mismatch";
  const { schedule, slowAfterSeconds, alertOn } = change;
  const written = schedule === null || schedule === undefined ? null : toJson(schedule);
  const isNewSchedule = schedule !== undefined && written !== former.schedule;
  await db
    .updateTable("job")
    .set({
      version: version + 1,
      ...(slowAfterSeconds === undefined ? {} : { slow_after_s: slowAfterSeconds }),
      ...(alertOn === undefined ? {} : { alert_on: alertOn === null ? null : toJson(alertOn) }),
      // The same schedule again is no new one: what is late stays late.
      ...(isNewSchedule
        ? { schedule: written, schedule_set_at: written === null ? null : audit.at }
        : {}),
    })
    .where("id", "=", id)
    .execute();
  await refreshJob(context, id, { now: audit.at, learn: false, because: "changed" });
  await writeAudit(context, audit);
  return "updated";
}

/** Runs that are deleted in one transaction. */
const runsPerPiece = 200;

/** Deletes some runs of a job that is to be deleted, if its version is `version`; true when there may be more. */
export async function dropJobRuns(
  context: OperationContext,
  id: JobId,
  version: number,
): Promise<boolean> {
  const { db } = context;
  const rows = await db
    .selectFrom("run")
    .innerJoin("job", "job.id", "run.job_id")
    .select("run.id")
    .where("job.id", "=", id)
    .where("job.version", "=", version)
    .orderBy("started_at")
    .orderBy("run.id")
    .limit(runsPerPiece)
    .execute();
  await deleteRuns(
    context,
    rows.map((row) => row.id),
  );
  return rows.length === runsPerPiece;
}

/** See `JobStore.deleteJob`. */
export async function deleteJob(
  context: OperationContext,
  id: JobId,
  version: number,
  audit: AuditEntry,
): Promise<"deleted" | "version_mismatch" | "missing"> {
  const { db, engine } = context;
  let select = db.selectFrom("job").selectAll().where("id", "=", id);
  if (engine === "postgres") select = select.forUpdate();
  const found = await select.executeTakeFirst();
  if (found === undefined) return "missing";
  if (found.version !== version) return "version_mismatch";
  const rows = await db.selectFrom("run").select("id").where("job_id", "=", id).execute();
  await deleteRuns(
    context,
    rows.map((row) => row.id),
  );
  await silenceJob(context, found, audit.at);
  await db.deleteFrom("job").where("id", "=", id).execute();
  await context.series.deleteSource(context.seriesTables, jobSource(id));
  await writeAudit(context, audit);
  return "deleted";
}
