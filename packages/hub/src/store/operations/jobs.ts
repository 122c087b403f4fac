/** Jobs and runs: how they are read. How they come to be is in `take-events.ts`, how they go in `jobs-drop.ts`. */
import type { JobRing, JobSchedule, ShownRunStatus } from "@belfry/contract";
import { sql, type Selectable } from "kysely";
import { learnedLimit, type LearnedDurations } from "../../model/job-duration.ts";
import {
  recentRuns,
  type Job,
  type JobId,
  type JobQuery,
  type KeptEvent,
  type KeptRun,
  type RunInTree,
  type RunQuery,
  type RunRowId,
} from "../../model/job.ts";
import { readRunState } from "../run-state.ts";
import type { Database, JobTable, RunTable } from "../tables.ts";
import { asWritten, fromJson, inChunks, rowsPerStatement } from "../values.ts";
import type { OperationContext } from "./operation.ts";
import type { EventBody } from "./take-events.ts";

/** See `JobStore.jobs`. */
export async function jobs(context: OperationContext, query: JobQuery): Promise<readonly Job[]> {
  let select = context.db
    .selectFrom("job")
    .selectAll()
    .orderBy("name")
    .orderBy("id")
    .limit(query.limit);
  for (const word of query.words ?? []) {
    select = select.where(sql<boolean>`folded like ${containing(word)} escape '!'`);
  }
  if (query.status !== undefined) select = select.where("last_status", "in", query.status);
  const { after } = query;
  if (after !== undefined) {
    select = select.where((where) =>
      where.or([
        where("name", ">", after.name),
        where.and([where("name", "=", after.name), where("id", ">", after.id)]),
      ]),
    );
  }
  return jobsOf(context, await select.execute());
}

/** See `JobStore.job`. */
export async function job(context: OperationContext, id: JobId): Promise<Job | undefined> {
  const rows = await context.db.selectFrom("job").selectAll().where("id", "=", id).execute();
  const [found] = await jobsOf(context, rows);
  return found;
}

/** A pattern for `like … escape '!'`. */
function containing(text: string): string {
  return `%${text.replaceAll(/[!%_]/g, "!$&")}%`;
}

async function jobsOf(
  { db }: OperationContext,
  rows: readonly Selectable<JobTable>[],
): Promise<readonly Job[]> {
  const lastIds = rows.flatMap((row) => (row.last_run_id === null ? [] : [row.last_run_id]));
  const last = new Map<string, KeptRun>();
  for (const some of inChunks(lastIds, rowsPerStatement)) {
    const found = await selectRuns(db).where("run.id", "in", some).execute();
    for (const row of found) last.set(row.id, runOf(row));
  }
  const found: Job[] = [];
  for (const row of rows) {
    // One seek each: a window over all runs of these jobs would read months of them.
    const recent = await db
      .selectFrom("run")
      .select("status")
      .where("job_id", "=", row.id)
      .orderBy("started_at", "desc")
      .orderBy("id", "desc")
      .limit(recentRuns)
      .execute();
    found.push({
      id: asWritten<JobId>(row.id),
      siteId: row.site,
      appName: row.app,
      type: row.type,
      name: row.name,
      createdAt: row.created_at,
      schedule: row.schedule === null ? null : fromJson<JobSchedule>(row.schedule),
      scheduleSetAt: row.schedule_set_at,
      slowAfterSeconds: row.slow_after_s,
      learned: row.learned === null ? null : fromJson<LearnedDurations>(row.learned),
      alertOn: row.alert_on === null ? null : fromJson<readonly JobRing[]>(row.alert_on),
      version: row.version,
      lastRun: row.last_run_id === null ? null : (last.get(row.last_run_id) ?? null),
      recent: recent.flatMap(({ status }) =>
        status === null ? [] : [asWritten<ShownRunStatus>(status)],
      ),
    });
  }
  return found;
}

/** See `JobStore.runs`. */
export async function runs({ db }: OperationContext, query: RunQuery): Promise<readonly KeptRun[]> {
  let select = selectRuns(db)
    .orderBy("started_at", "desc")
    .orderBy("run.id", "desc")
    .limit(query.limit);
  const { jobId, parentId, runId, status, level, app, since, until, after } = query;
  if (jobId !== undefined) select = select.where("job_id", "=", jobId);
  if (parentId !== undefined) select = select.where("parent_id", "=", parentId);
  if (runId !== undefined) select = select.where("run_id", "=", runId);
  if (status !== undefined) select = select.where("status", "in", status);
  if (level !== undefined) select = select.where("is_sub", "=", level === "sub" ? 1 : 0);
  if (app !== undefined) {
    select = select.where(sql<boolean>`app_folded like ${containing(app)} escape '!'`);
  }
  if (since !== undefined) select = select.where("started_at", ">=", since);
  if (until !== undefined) select = select.where("started_at", "<=", until);
  if (after !== undefined) {
    select = select.where((where) =>
      where.or([
        where("started_at", "<", after.startedAt),
        where.and([where("started_at", "=", after.startedAt), where("run.id", "<", after.id)]),
      ]),
    );
  }
  return (await select.execute()).map(runOf);
}

/** See `JobStore.run`. */
export async function run({ db }: OperationContext, id: RunRowId): Promise<KeptRun | undefined> {
  const row = await selectRuns(db).where("run.id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : runOf(row);
}

/** See `JobStore.subruns`. */
export async function subruns(
  { db }: OperationContext,
  id: RunRowId,
  bounds: { readonly limit: number; readonly depth: number },
): Promise<readonly KeptRun[]> {
  const found: KeptRun[] = [];
  // Runs may name one another as parents.
  const seen = new Set<string>([id]);
  let parents: readonly string[] = [id];
  for (let depth = 0; depth < bounds.depth && parents.length > 0; depth += 1) {
    const next: string[] = [];
    for (const some of inChunks(parents, rowsPerStatement)) {
      const room = bounds.limit - found.length;
      if (room <= 0) return found;
      const rows = await selectRuns(db)
        .where("parent_id", "in", some)
        .orderBy("started_at")
        .orderBy("run.id")
        .limit(room)
        .execute();
      for (const row of rows) {
        if (seen.has(row.id)) continue;
        seen.add(row.id);
        next.push(row.id);
        found.push(runOf(row));
      }
    }
    parents = next;
  }
  return found;
}

/** Levels above a run that are looked through. */
const mostLevelsAbove = 8;

/** See `JobStore.runsInTree`. */
export async function runsInTree(
  { db }: OperationContext,
  ids: readonly RunRowId[],
): Promise<readonly RunInTree[]> {
  const found: KeptRun[] = [];
  const parents = new Map<string, string | null>();
  for (const some of inChunks(ids, rowsPerStatement)) {
    const rows = await selectRuns(db).where("run.id", "in", some).execute();
    for (const row of rows) found.push(runOf(row));
  }
  for (const { id, parentId } of found) parents.set(id, parentId);
  for (let level = 0; level < mostLevelsAbove; level += 1) {
    const next = [...parents.values()].flatMap((id) =>
      id === null || parents.has(id) ? [] : [id],
    );
    if (next.length === 0) break;
    for (const some of inChunks([...new Set(next)], rowsPerStatement)) {
      const rows = await db
        .selectFrom("run")
        .select(["id", "parent_id"])
        .where("id", "in", some)
        .execute();
      for (const row of rows) parents.set(row.id, row.parent_id);
    }
  }
  return found.map((run) => {
    const above = new Set<RunRowId>();
    let id = run.parentId;
    while (id !== null && !above.has(id) && above.size < mostLevelsAbove) {
      above.add(id);
      const next = parents.get(id) ?? null;
      id = next === null ? null : asWritten<RunRowId>(next);
    }
    return { run, above: [...above] };
  });
}

/** See `JobStore.runEvents`. */
export async function runEvents(
  { db }: OperationContext,
  id: RunRowId,
  page: {
    readonly after?: { readonly at: number; readonly key: string };
    readonly limit: number;
  },
): Promise<readonly KeptEvent[]> {
  let select = db
    .selectFrom("run_event")
    .selectAll()
    .where("run_id", "=", id)
    .orderBy("at")
    .orderBy("key")
    .limit(page.limit);
  const { after } = page;
  if (after !== undefined) {
    select = select.where((where) =>
      where.or([
        where("at", ">", after.at),
        where.and([where("at", "=", after.at), where("key", ">", after.key)]),
      ]),
    );
  }
  return (await select.execute()).map((row) => ({
    key: row.key,
    at: row.at,
    receivedAt: row.received_at,
    kind: asWritten<KeptEvent["kind"]>(row.kind),
    ...fromJson<EventBody>(row.body),
  }));
}

/** Runs with what their job says of how long they may take. */
function selectRuns(db: Database) {
  return db
    .selectFrom("run")
    .leftJoin("job", "job.id", "run.job_id")
    .selectAll("run")
    .select(["job.slow_after_s as job_slow_after_s", "job.learned as job_learned"]);
}

type RunRow = Selectable<RunTable> & {
  readonly job_slow_after_s: number | null;
  readonly job_learned: string | null;
};

/** Where a run becomes slow: what was set, else what had been learned when it ended, else what is known now. */
function slowLimitOfRow(row: RunRow): number | null {
  if (row.job_slow_after_s !== null) return row.job_slow_after_s;
  if (row.duration_s !== null) return row.slow_limit_s;
  return row.job_learned === null
    ? null
    : learnedLimit(fromJson<LearnedDurations>(row.job_learned));
}

function runOf(row: RunRow): KeptRun {
  return {
    id: asWritten<RunRowId>(row.id),
    siteId: row.site,
    appName: row.app,
    runId: row.run_id,
    jobId: row.job_id === null ? null : asWritten<JobId>(row.job_id),
    parentId: row.parent_id === null ? null : asWritten<RunRowId>(row.parent_id),
    state: readRunState(row.state),
    status: row.status === null ? null : asWritten<ShownRunStatus>(row.status),
    startedAt: row.started_at,
    slowLimitSeconds: slowLimitOfRow(row),
    events: row.events,
    eventsDropped: row.events_dropped,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
