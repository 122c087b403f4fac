/** What is noticed of jobs although nothing came in: runs that fell silent, times that passed. */
import type { ShownRunStatus } from "@belfry/contract";
import type { ChangedRun, JobId, JobTotals } from "../../model/job.ts";
import { asWritten } from "../values.ts";
import { thisTransaction } from "./changed-in.ts";
import { refreshJob } from "./job-refresh.ts";
import type { OperationContext } from "./operation.ts";
import { changedRunOf } from "./run-changes.ts";

/** See `JobStore.loseSilentRuns`. */
export async function loseSilentRuns(
  context: OperationContext,
  {
    now,
    listenedMs,
    graceMs,
    limit,
  }: { now: number; listenedMs: number; graceMs?: number; limit: number },
): Promise<readonly ChangedRun[]> {
  const { db, engine } = context;
  let select = db
    .selectFrom("run")
    .select(["id", "job_id", "parent_id"])
    .where("silent_at", "<=", now - (graceMs ?? 0))
    .where("silence_ms", "<=", listenedMs)
    .orderBy("silent_at")
    .limit(limit);
  // Whoever writes about one of them has heard of it.
  if (engine === "postgres") select = select.forUpdate().skipLocked();
  const silent = await select.execute();
  if (silent.length === 0) return [];
  await db
    .updateTable("run")
    .set({
      status: "lost",
      silent_at: null,
      ...(engine === "postgres" ? { changed_in: thisTransaction } : {}),
    })
    .where(
      "id",
      "in",
      silent.map(({ id }) => id),
    )
    .execute();
  const jobs = new Set(silent.flatMap((row) => row.job_id ?? []));
  for (const id of [...jobs].toSorted()) {
    await refreshJob(context, id, { now, learn: false, because: "changed" });
  }
  return silent.map(changedRunOf);
}

/** See `JobStore.jobsGoneLate`. */
export async function jobsGoneLate(
  { db }: OperationContext,
  { after, until, limit }: { after: number; until: number; limit: number },
): Promise<readonly JobId[]> {
  const rows = await db
    .selectFrom("job")
    .select("id")
    .where("late_at", ">", after)
    .where("late_at", "<=", until)
    .orderBy("late_at")
    .limit(limit)
    .execute();
  return rows.map(({ id }) => asWritten<JobId>(id));
}

/** See `JobWatchStore.lookAtJobs`. */
export async function lookAtJobs(
  context: OperationContext,
  { now, limit }: { now: number; limit: number },
): Promise<{ readonly looked: number; readonly rang: boolean }> {
  const { db, engine } = context;
  let select = db
    .selectFrom("job")
    .select("id")
    .where("look_at", "<=", now)
    .orderBy("look_at")
    .limit(limit);
  // Whoever writes about one of them looks at it.
  if (engine === "postgres") select = select.forUpdate().skipLocked();
  const rows = await select.execute();
  let rang = false;
  for (const id of rows.map((row) => row.id).toSorted()) {
    const signalled = await refreshJob(context, id, { now, learn: false, because: "watched" });
    rang = rang || signalled;
  }
  return { looked: rows.length, rang };
}

/** See `JobStore.jobTotals`. */
export async function jobTotals({ db }: OperationContext, now: number): Promise<JobTotals> {
  const byStatus = await db
    .selectFrom("run")
    .select(["status", (count) => count.fn.countAll<number>().as("runs")])
    .where("status", "is not", null)
    .groupBy("status")
    .execute();
  const late = await db
    .selectFrom("job")
    .select((count) => count.fn.countAll<number>().as("jobs"))
    .where("late_at", "<=", now)
    .executeTakeFirstOrThrow();
  const runs = byStatus.flatMap((row) =>
    row.status === null ? [] : [[asWritten<ShownRunStatus>(row.status), row.runs] as const],
  );
  return { runs: Object.fromEntries(runs), late: late.jobs };
}
