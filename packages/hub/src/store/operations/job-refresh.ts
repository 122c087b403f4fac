/** What follows from a job's runs, written anew whenever one of them changed: its last run, what it learned, what rings. */
import type { JobRing, JobSchedule } from "@belfry/contract";
import type { Selectable } from "kysely";
import {
  learnDurations,
  learnedLimit,
  mostLearnedRuns,
  type LearnedDurations,
} from "../../model/job-duration.ts";
import {
  decideJobRings,
  silencedJob,
  type JobFacts,
  type JobRings,
} from "../../model/job-rings.ts";
import { expectationOf, missedAtOf } from "../../model/job-schedule.ts";
import {
  jobSource,
  runRetentionMs,
  spanOf,
  type JobId,
  type KeptRun,
  type RunRowId,
} from "../../model/job.ts";
import type { Database, JobTable, RunTable } from "../tables.ts";
import { asWritten, fromJson, toJson } from "../values.ts";
import { run } from "./jobs.ts";
import type { OperationContext } from "./operation.ts";
import { putSignals } from "./signals.ts";

/** Why a job is refreshed. `now` is epoch ms. */
export interface Refresh {
  readonly now: number;
  /** How long its runs take is learned anew: some ended. */
  readonly learn: boolean;
  /**
   * `told`: runs of it went on, and ended where `learn` says so; `changed`: anything else may have changed; `watched`: the
   * same, by somebody who has listened for long enough to know what did not happen.
   */
  readonly because: "told" | "changed" | "watched";
}

type OwnRow = Selectable<JobTable>;
type LastRow = Pick<
  Selectable<RunTable>,
  "id" | "status" | "created_at" | "duration_s" | "slow_limit_s"
>;

/**
 * Writes what follows from a job's runs: which is its last one, when the next has to have begun, how long they take where
 * `learn` says so, and what rings, with the signals for alerting. A job without runs goes, with its series. Answers
 * whether there are signals.
 */
export async function refreshJob(
  context: OperationContext,
  id: string,
  refresh: Refresh,
): Promise<boolean> {
  const { db, engine } = context;
  const { now, learn } = refresh;
  // Held, so that no run is added between the look and the write.
  let select = db.selectFrom("job").selectAll().where("id", "=", id);
  if (engine === "postgres") select = select.forUpdate();
  const own = await select.executeTakeFirst();
  if (own === undefined) return false;
  const last = await lastRunOf(db, id);
  if (last === undefined) {
    const rang = await silenceJob(context, own, now);
    await db.deleteFrom("job").where("id", "=", id).execute();
    await context.series.deleteSource(context.seriesTables, jobSource(id));
    return rang;
  }
  const due = await dueOf(context, own, last.id, now);
  const rings = isQuiet(own, last, refresh)
    ? { ringing: [], signals: [], lookAt: quietLookAt(own, last, due) }
    : await ringsOf(context, own, last, due, refresh);
  await db
    .updateTable("job")
    .set({
      last_run_id: last.id,
      last_status: last.status,
      late_at: due?.lateAt ?? null,
      ringing: rings.ringing.length === 0 ? null : toJson(rings.ringing),
      look_at: rings.lookAt,
      ...(learn ? { learned: await learnOf(db, id, now) } : {}),
    })
    .where("id", "=", id)
    .execute();
  if (rings.signals.length > 0) await putSignals(context, rings.signals);
  return rings.signals.length > 0;
}

/** Ends what rings of a job that goes; answers whether there was anything. `now` is epoch ms. */
export async function silenceJob(
  context: OperationContext,
  own: OwnRow,
  now: number,
): Promise<boolean> {
  const signals = silencedJob(namedJob(own), ringingOf(own), now);
  if (signals.length > 0) await putSignals(context, signals);
  return signals.length > 0;
}

async function lastRunOf(db: Database, jobId: string): Promise<LastRow | undefined> {
  return db
    .selectFrom("run")
    .select(["id", "status", "created_at", "duration_s", "slow_limit_s"])
    .where("job_id", "=", jobId)
    .orderBy("started_at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}

async function dueOf(
  context: OperationContext,
  job: OwnRow,
  lastId: string,
  now: number,
): Promise<JobFacts["due"]> {
  if (job.schedule === null || job.schedule_set_at === null) return null;
  const schedule = fromJson<JobSchedule>(job.schedule);
  const last = await run(context, asWritten<RunRowId>(lastId));
  const span = last === undefined ? null : spanOf(last);
  const { dueAt, lateAt } = expectationOf(schedule, job.schedule_set_at, span, now);
  if (dueAt === null || lateAt === null) return null;
  return { at: dueAt, lateAt, missedAt: missedAtOf(schedule, dueAt) };
}

/** Whether nothing can begin or cease to ring now: most refreshes are of jobs that do well, and ask no more. */
function isQuiet(own: OwnRow, last: LastRow, { learn, because }: Refresh): boolean {
  if (because !== "told" || own.ringing !== null) return false;
  if (!learn) return true;
  const limit = own.slow_after_s ?? last.slow_limit_s;
  const isSlow = limit !== null && last.duration_s !== null && last.duration_s > limit;
  return last.status === "succeeded" && !isSlow;
}

/** The same as is decided from all facts, or earlier: who looks then decides. */
function quietLookAt(own: OwnRow, last: LastRow, due: JobFacts["due"]): number | null {
  const limit = own.slow_after_s ?? learnedLimit(learnedOf(own));
  const slowAt =
    last.status === "running" && limit !== null
      ? last.created_at + Math.floor(limit * 1000) + 1
      : null;
  if (slowAt === null || due === null) return slowAt ?? due?.lateAt ?? null;
  return Math.min(slowAt, due.lateAt);
}

async function ringsOf(
  context: OperationContext,
  own: OwnRow,
  last: LastRow,
  due: JobFacts["due"],
  { now, because }: Refresh,
): Promise<JobRings> {
  const newest = await run(context, asWritten<RunRowId>(last.id));
  const decided = await newestOf(context, own.id, newest, ["succeeded", "failed", "lost"]);
  const succeeded = await newestOf(context, own.id, decided, ["succeeded"]);
  return decideJobRings(
    {
      job: namedJob(own),
      last: newest ?? null,
      decided: decided ?? null,
      succeeded: succeeded ?? null,
      due,
      alertOn: own.alert_on === null ? null : fromJson<readonly JobRing[]>(own.alert_on),
      ringing: ringingOf(own),
    },
    { now, watched: because === "watched" },
  );
}

/** Of a job's runs with one of these statuses the one that began last; `known` is known to be no older than it. */
async function newestOf(
  context: OperationContext,
  jobId: string,
  known: KeptRun | undefined,
  statuses: readonly NonNullable<KeptRun["status"]>[],
): Promise<KeptRun | undefined> {
  if (known === undefined) return undefined;
  if (known.status !== null && statuses.includes(known.status)) return known;
  const found = await context.db
    .selectFrom("run")
    .select("id")
    .where("job_id", "=", jobId)
    .where("status", "in", statuses)
    .orderBy("started_at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return found === undefined ? undefined : run(context, asWritten<RunRowId>(found.id));
}

function namedJob({ id, site, app, type, name }: OwnRow): JobFacts["job"] {
  return { id: asWritten<JobId>(id), siteId: site, appName: app, type, name };
}

function ringingOf({ ringing }: OwnRow): readonly JobRing[] {
  return ringing === null ? [] : fromJson<readonly JobRing[]>(ringing);
}

function learnedOf({ learned }: OwnRow): LearnedDurations | null {
  return learned === null ? null : fromJson<LearnedDurations>(learned);
}

/** What the last succeeded runs of a job teach, as it is kept. */
async function learnOf(db: Database, jobId: string, now: number): Promise<string | null> {
  const rows = await db
    .selectFrom("run")
    .select("duration_s")
    .where("job_id", "=", jobId)
    .where("status", "=", "succeeded")
    .where("started_at", ">", now - runRetentionMs)
    .orderBy("started_at", "desc")
    .limit(mostLearnedRuns)
    .execute();
  const learned = learnDurations(rows.flatMap(({ duration_s: seconds }) => seconds ?? []));
  return learned === null ? null : toJson(learned);
}
