/** Jobs and runs: how they are read and forgotten. How they come to be is in `take-events.ts`. */
import type { RunStatus } from "@belfry/contract";
import { sql, type Selectable } from "kysely";
import {
  jobSource,
  recentRuns,
  runRetentionMs,
  type Job,
  type JobId,
  type JobQuery,
  type KeptEvent,
  type KeptRun,
  type RunQuery,
  type RunRowId,
} from "../../model/job.ts";
import type { RunState } from "../../model/run.ts";
import type { JobTable, RunTable } from "../tables.ts";
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
    const found = await db.selectFrom("run").selectAll().where("id", "in", some).execute();
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
      lastRun: row.last_run_id === null ? null : (last.get(row.last_run_id) ?? null),
      recent: recent.flatMap(({ status }) =>
        status === null ? [] : [asWritten<RunStatus>(status)],
      ),
    });
  }
  return found;
}

/** See `JobStore.runs`. */
export async function runs({ db }: OperationContext, query: RunQuery): Promise<readonly KeptRun[]> {
  let select = db
    .selectFrom("run")
    .selectAll()
    .orderBy("started_at", "desc")
    .orderBy("id", "desc")
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
        where.and([where("started_at", "=", after.startedAt), where("id", "<", after.id)]),
      ]),
    );
  }
  return (await select.execute()).map(runOf);
}

/** See `JobStore.run`. */
export async function run({ db }: OperationContext, id: RunRowId): Promise<KeptRun | undefined> {
  const row = await db.selectFrom("run").selectAll().where("id", "=", id).executeTakeFirst();
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
      const rows = await db
        .selectFrom("run")
        .selectAll()
        .where("parent_id", "in", some)
        .orderBy("started_at")
        .orderBy("id")
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

/** Writes which run of a job is its last one; a job without runs goes, with its series. */
export async function refreshJob(context: OperationContext, id: string): Promise<void> {
  const { db, engine } = context;
  // Held, so that no run is added between the look and the write.
  if (engine === "postgres") {
    await db.selectFrom("job").select("id").where("id", "=", id).forUpdate().execute();
  }
  const last = await db
    .selectFrom("run")
    .select(["id", "status"])
    .where("job_id", "=", id)
    .orderBy("started_at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) {
    await db.deleteFrom("job").where("id", "=", id).execute();
    await context.series.deleteSource(context.seriesTables, jobSource(id));
    return;
  }
  await db
    .updateTable("job")
    .set({ last_run_id: last.id, last_status: last.status })
    .where("id", "=", id)
    .execute();
}

/** Runs that are forgotten in one transaction. */
const runsPerPiece = 200;

/** Forgets runs that are old enough, and jobs without runs; true when there may be more. */
export async function dropOldRuns(context: OperationContext, now: number): Promise<boolean> {
  const { db, engine } = context;
  let select = db
    .selectFrom("run")
    .select(["id", "job_id"])
    .where("updated_at", "<", now - runRetentionMs)
    .orderBy("updated_at")
    .limit(runsPerPiece);
  // Whoever writes about one of them goes first: it is no longer old then.
  if (engine === "postgres") select = select.forUpdate().skipLocked();
  const old = await select.execute();
  const ids = old.map((row) => row.id);
  if (ids.length === 0) return false;
  await db.deleteFrom("run").where("id", "in", ids).execute();
  const touched = new Set(old.flatMap((row) => (row.job_id === null ? [] : [row.job_id])));
  for (const id of [...touched].toSorted()) await refreshJob(context, id);
  return ids.length === runsPerPiece;
}

function runOf(row: Selectable<RunTable>): KeptRun {
  return {
    id: asWritten<RunRowId>(row.id),
    siteId: row.site,
    appName: row.app,
    runId: row.run_id,
    jobId: row.job_id === null ? null : asWritten<JobId>(row.job_id),
    parentId: row.parent_id === null ? null : asWritten<RunRowId>(row.parent_id),
    state: fromJson<RunState>(row.state),
    status: row.status === null ? null : asWritten<RunStatus>(row.status),
    startedAt: row.started_at,
    events: row.events,
    eventsDropped: row.events_dropped,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
