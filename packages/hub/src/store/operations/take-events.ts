/**
 * Takes in events of runs: all of a batch in one transaction. Each run is held, its events that are new are applied and
 * kept, its job is found or made, and what it used becomes samples once it has ended. Hubs that take in events of the
 * same runs at the same time wait for one another: rows are held in the order site, app, run, and runs before jobs.
 */
import type { Insertable, Selectable } from "kysely";
import { createId } from "../../model/id.ts";
import {
  foldText,
  isSubrun,
  jobNameOf,
  jobSource,
  mostRunEvents,
  samplesOf,
  type JobId,
  type ChangedRun,
  type JobName,
  type KeptEvent,
  type RunRowId,
  type TakenEvents,
  type TakenVerdict,
} from "../../model/job.ts";
import { learnedLimit, type LearnedDurations } from "../../model/job-duration.ts";
import {
  applyEvent,
  durationSecondsOf,
  emptyRun,
  silenceMsOf,
  startedAtOf,
  statusOf,
  type RunEvent,
  type RunState,
} from "../../model/run.ts";
import type { Frame } from "../../model/series.ts";
import type { RunTable } from "../tables.ts";
import { readRunState } from "../run-state.ts";
import { asWritten, fromJson, inChunks, rowsPerStatement, toInteger, toJson } from "../values.ts";
import { thisTransaction } from "./changed-in.ts";
import type { OperationContext } from "./operation.ts";
import { holdJob } from "./take-events-job.ts";
import { refreshJob } from "./job-refresh.ts";

/** The body of a kept event. */
export type EventBody = Pick<KeptEvent, "status" | "metrics" | "metadata" | "trace">;

/** A run as it is worked on. */
interface Row {
  readonly id: RunRowId;
  readonly siteId: string;
  readonly appName: string;
  readonly runId: string;
  readonly createdAt: number;
  readonly formerJobId: JobId | null;
  /** Had ended before this batch. */
  readonly wasEnded: boolean;
  readonly wasLost: boolean;
  /** The time of its newest event before this batch. */
  readonly lastAtBefore: number | null;
  readonly droppedUntilBefore: number | null;
  state: RunState;
  jobId: JobId | null;
  parentId: RunRowId | null;
  events: number;
  eventsDropped: number;
  droppedUntil: number | null;
  updatedAt: number;
  slowLimitSeconds: number | null;
  /** It was told something new. */
  isTold: boolean;
  fresh: RunEvent[];
}

interface Place {
  readonly siteId: string;
  readonly appName: string;
  readonly runId: string;
}

/** See `JobStore.takeEvents`. */
export async function takeEvents(
  context: OperationContext,
  events: readonly RunEvent[],
  receivedAt: number,
): Promise<TakenEvents> {
  if (events.length === 0) return { verdicts: [], changed: [], rang: false, frames: [] };
  const rows = await holdRuns(context, events, receivedAt);
  const verdicts = await applyAll(context, rows, events, receivedAt);
  // A row that was told nothing new is only named as a parent, or its events were known: it was made, or stays as it is.
  const changed = [...rows.values()].filter(({ isTold }) => isTold);
  await keepEvents(context, changed, receivedAt);
  await findJobs(context, changed, receivedAt);
  for (const row of changed) {
    const parent = row.state.parentRunId?.value;
    const found = parent === undefined ? undefined : rows.get(placeKey({ ...row, runId: parent }));
    if (found !== undefined) row.parentId = found.id;
  }
  await writeRuns(context, changed);
  const ended = new Set(changed.flatMap((row) => (hasEnded(row) ? jobIdsOf(row) : [])));
  const jobs = new Set(changed.flatMap(jobIdsOf));
  let rang = false;
  for (const id of [...jobs].toSorted()) {
    const refresh = { now: receivedAt, learn: ended.has(id), because: "told" } as const;
    const signalled = await refreshJob(context, id, refresh);
    rang = rang || signalled;
  }
  const frames = framesOf(changed);
  if (frames.length > 0) await context.series.append(context.seriesTables, frames);
  return { verdicts, changed: changed.map(changedRunOf), rang, frames };
}

function jobIdsOf({ jobId, formerJobId }: Row): readonly JobId[] {
  const ids = new Set([jobId, formerJobId]);
  return [...ids].flatMap((id) => id ?? []);
}

/** It ended with this batch. */
function hasEnded({ state, wasEnded }: Row): boolean {
  return !wasEnded && state.end !== null;
}

function changedRunOf(row: Row): ChangedRun {
  return { id: row.id, parentId: row.parentId, jobIds: jobIdsOf(row) };
}

function placeKey({ siteId, appName, runId }: Place): string {
  return JSON.stringify([siteId, appName, runId]);
}

/** Every run that events name, made where it is new, and held until the transaction ends. */
async function holdRuns(
  { db, engine }: OperationContext,
  events: readonly RunEvent[],
  receivedAt: number,
): Promise<ReadonlyMap<string, Row>> {
  const places = new Map<string, Place>();
  for (const event of events) {
    places.set(placeKey(event), event);
    if (event.parentRunId !== null) {
      const parent = { ...event, runId: event.parentRunId };
      places.set(placeKey(parent), parent);
    }
  }
  const sorted = [...places.values()].toSorted(byPlace);
  for (const some of inChunks(sorted, rowsPerStatement)) {
    await db
      .insertInto("run")
      .values(some.map((place) => newRow(place, receivedAt)))
      .onConflict((conflict) => conflict.columns(["site", "app", "run_id"]).doNothing())
      .execute();
  }
  const rows = new Map<string, Row>();
  for (const [, own] of Map.groupBy(sorted, (one) => JSON.stringify([one.siteId, one.appName]))) {
    for (const some of inChunks(own, rowsPerStatement)) {
      const [first] = some;
      if (first === undefined) continue;
      let select = db
        .selectFrom("run")
        .selectAll()
        .where("site", "=", first.siteId)
        .where("app", "=", first.appName)
        .where(
          "run_id",
          "in",
          some.map(({ runId }) => runId),
        )
        .orderBy("run_id");
      if (engine === "postgres") select = select.forUpdate();
      for (const row of await select.execute()) {
        const read = rowOf(row);
        rows.set(placeKey(read), read);
      }
    }
  }
  return rows;
}

function byPlace(a: Place, b: Place): number {
  return compare(a.siteId, b.siteId) || compare(a.appName, b.appName) || compare(a.runId, b.runId);
}

/** By code units: any order that is always the same will do. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function newRow({ siteId, appName, runId }: Place, receivedAt: number): Insertable<RunTable> {
  return {
    id: createId<"run">(receivedAt),
    site: siteId,
    app: appName,
    run_id: runId,
    job_id: null,
    parent_id: null,
    is_sub: 0,
    app_folded: foldText(appName),
    status: null,
    started_at: receivedAt,
    state: toJson(emptyRun),
    events: 0,
    events_dropped: 0,
    dropped_until: null,
    created_at: receivedAt,
    updated_at: receivedAt,
    silence_ms: null,
    silent_at: null,
    duration_s: null,
    slow_limit_s: null,
  };
}

function rowOf(row: Selectable<RunTable>): Row {
  const state = readRunState(row.state);
  const jobId = row.job_id === null ? null : asWritten<JobId>(row.job_id);
  return {
    id: asWritten<RunRowId>(row.id),
    siteId: row.site,
    appName: row.app,
    runId: row.run_id,
    createdAt: row.created_at,
    formerJobId: jobId,
    wasEnded: state.end !== null,
    wasLost: row.status === "lost",
    lastAtBefore: state.lastAt,
    droppedUntilBefore: row.dropped_until,
    state,
    jobId,
    parentId: row.parent_id === null ? null : asWritten<RunRowId>(row.parent_id),
    events: row.events,
    eventsDropped: row.events_dropped,
    droppedUntil: row.dropped_until,
    updatedAt: row.updated_at,
    slowLimitSeconds: row.slow_limit_s,
    isTold: false,
    fresh: [],
  };
}

/** Applies what is new. An event as old as those that are no longer kept cannot be told from them: it is not counted. */
async function applyAll(
  context: OperationContext,
  rows: ReadonlyMap<string, Row>,
  events: readonly RunEvent[],
  receivedAt: number,
): Promise<readonly TakenVerdict[]> {
  const known = await knownKeys(context, rows, events);
  return events.map((event) => {
    const row = rows.get(placeKey(event));
    if (row === undefined) throw new Error("a run that was made is not there");
    const key = eventKey(row.id, event.key);
    if (known.has(key)) return "duplicate";
    known.add(key);
    row.isTold = true;
    row.state = applyEvent(row.state, event);
    row.updatedAt = Math.max(row.updatedAt, receivedAt);
    if (row.droppedUntilBefore === null || event.at > row.droppedUntilBefore) row.fresh.push(event);
    return "taken";
  });
}

function eventKey(id: string, key: string): string {
  return `${id} ${key}`;
}

async function knownKeys(
  { db }: OperationContext,
  rows: ReadonlyMap<string, Row>,
  events: readonly RunEvent[],
): Promise<Set<string>> {
  const known = new Set<string>();
  const old = events.filter((event) => (rows.get(placeKey(event))?.events ?? 0) > 0);
  for (const some of inChunks(old, rowsPerStatement)) {
    const ids = new Set(some.map((event) => rows.get(placeKey(event))?.id ?? ""));
    const found = await db
      .selectFrom("run_event")
      .select(["run_id", "key"])
      .where("run_id", "in", [...ids])
      .where(
        "key",
        "in",
        some.map(({ key }) => key),
      )
      .execute();
    for (const row of found) known.add(eventKey(row.run_id, row.key));
  }
  return known;
}

async function keepEvents(
  { db, engine }: OperationContext,
  rows: readonly Row[],
  receivedAt: number,
): Promise<void> {
  const mark = engine === "postgres" ? { changed_in: thisTransaction } : {};
  const written = rows.flatMap((row) =>
    row.fresh.map((event) => ({
      run_id: row.id,
      key: event.key,
      at: event.at,
      received_at: receivedAt,
      kind: event.kind,
      body: toJson({
        status: event.status,
        metrics: event.metrics,
        metadata: event.metadata,
        trace: event.trace,
      } satisfies EventBody),
      ...mark,
    })),
  );
  for (const some of inChunks(written, rowsPerStatement)) {
    await db
      .insertInto("run_event")
      .values([...some])
      .execute();
  }
  for (const row of rows) {
    row.events += row.fresh.length;
    if (row.events - row.eventsDropped > mostRunEvents) await dropOldest({ db }, row);
  }
}

/** Leaves the newest events of a run. */
async function dropOldest({ db }: Pick<OperationContext, "db">, row: Row): Promise<void> {
  const last = await db
    .selectFrom("run_event")
    .select(["at", "key"])
    .where("run_id", "=", row.id)
    .orderBy("at", "desc")
    .orderBy("key", "desc")
    .offset(mostRunEvents)
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return;
  const deleted = await db
    .deleteFrom("run_event")
    .where("run_id", "=", row.id)
    .where((where) =>
      where.or([
        where("at", "<", last.at),
        where.and([where("at", "=", last.at), where("key", "<=", last.key)]),
      ]),
    )
    .executeTakeFirst();
  row.eventsDropped += Number(deleted.numDeletedRows);
  row.droppedUntil = last.at;
}

/** Gives each run its job, and makes those that are new. */
async function findJobs(
  context: OperationContext,
  rows: readonly Row[],
  receivedAt: number,
): Promise<void> {
  const named = rows.flatMap((row) => {
    const name = jobNameOf(row.state, row);
    return name === undefined ? [] : [{ row, name }];
  });
  const byName = Map.groupBy(named, ({ name }) => jobKey(name));
  for (const key of [...byName.keys()].toSorted()) {
    const own = byName.get(key) ?? [];
    const [first] = own;
    if (first === undefined) continue;
    const { id, learned } = await holdJob(context, first.name, receivedAt);
    const limit = learned === null ? null : learnedLimit(fromJson<LearnedDurations>(learned));
    for (const { row } of own) {
      row.jobId = asWritten<JobId>(id);
      // What was known when it ended: what it teaches itself must not make it look usual.
      if (hasEnded(row)) row.slowLimitSeconds = limit;
    }
  }
}

function jobKey({ siteId, appName, type, name }: JobName): string {
  return JSON.stringify([siteId, appName, type, name]);
}

async function writeRuns({ db, engine }: OperationContext, rows: readonly Row[]): Promise<void> {
  const mark = engine === "postgres" ? { changed_in: thisTransaction } : {};
  for (const some of inChunks(rows, rowsPerStatement)) {
    await db
      .insertInto("run")
      .values(some.map(tableRowOf))
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((row) => ({
          job_id: row.ref("excluded.job_id"),
          parent_id: row.ref("excluded.parent_id"),
          is_sub: row.ref("excluded.is_sub"),
          status: row.ref("excluded.status"),
          started_at: row.ref("excluded.started_at"),
          state: row.ref("excluded.state"),
          events: row.ref("excluded.events"),
          events_dropped: row.ref("excluded.events_dropped"),
          dropped_until: row.ref("excluded.dropped_until"),
          updated_at: row.ref("excluded.updated_at"),
          silence_ms: row.ref("excluded.silence_ms"),
          silent_at: row.ref("excluded.silent_at"),
          duration_s: row.ref("excluded.duration_s"),
          slow_limit_s: row.ref("excluded.slow_limit_s"),
          ...mark,
        })),
      )
      .execute();
  }
}

function tableRowOf(row: Row): Insertable<RunTable> {
  const status = statusOf(row.state);
  const silenceMs = silenceMsOf(row.state);
  const isLost = staysLost(row);
  const waits = status === "running" && !isLost && silenceMs !== null;
  return {
    id: row.id,
    site: row.siteId,
    app: row.appName,
    run_id: row.runId,
    job_id: row.jobId,
    parent_id: row.parentId,
    is_sub: toInteger(isSubrun(row.state)),
    app_folded: foldText(row.appName),
    status: isLost ? "lost" : status,
    started_at: startedAtOf(row.state) ?? row.createdAt,
    state: toJson(row.state),
    events: row.events,
    events_dropped: row.eventsDropped,
    dropped_until: row.droppedUntil,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    silence_ms: silenceMs,
    silent_at: waits ? row.updatedAt + silenceMs : null,
    duration_s: durationSecondsOf(row.state),
    slow_limit_s: row.slowLimitSeconds,
  };
}

/** Only a newer word takes back that a run is lost: one that was under way when it fell silent does not. */
function staysLost({ wasLost, state, lastAtBefore }: Row): boolean {
  if (!wasLost || state.end !== null) return false;
  return lastAtBefore !== null && (state.lastAt ?? 0) <= lastAtBefore;
}

/** One sample of each series for each run that has now ended. */
function framesOf(rows: readonly Row[]): readonly Frame[] {
  return rows.flatMap((row): Frame[] => {
    const { end } = row.state;
    const name = jobNameOf(row.state, row);
    if (row.wasEnded || end === null || row.jobId === null || name === undefined) return [];
    const samples = samplesOf(row.state);
    if (samples.length === 0) return [];
    return [
      {
        source: jobSource(row.jobId),
        sourceLabels: { job: name.name, app: name.appName, site: name.siteId },
        series: samples.map(({ key }) => key),
        times: Float64Array.of(end.at),
        values: Float64Array.from(samples, ({ value }) => value),
      },
    ];
  });
}
