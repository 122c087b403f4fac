/**
 * Opens the store: starts its threads and gives back a `Store` whose every function is a call to one of them. Nothing
 * that syncs, scans or encodes runs on the main thread.
 *
 * - SQLite: one thread writes (see `sqlite/group-commit.ts`), one reads. What a write was answered for, the next read
 *   sees.
 * - PostgreSQL: one thread with a pool of connections.
 *
 * A thread takes a bounded number of calls; when it is full, further ones are refused at once with `unavailable`.
 */
import type { AuditEntry } from "../model/access.ts";
import type { JobId } from "../model/job.ts";
import type { SourceKey, TimeRange } from "../model/series.ts";
import type { Arguments, OperationName, Result } from "./operations/table.ts";
import type {
  AlertStore,
  JobStore,
  JobWatchStore,
  MaintenanceReport,
  OutboxStore,
  RuleStore,
} from "./port.ts";
import type { Store, StoreSettings } from "./port.ts";
import { parsePostgresUrl } from "./postgres/url.ts";
import { alertSettingCalls } from "./alert-setting-calls.ts";
import { externalAlertCalls } from "./external-alert-calls.ts";
import { followingCalls } from "./following-calls.ts";
import { locationCalls } from "./location-calls.ts";
import { fleetCalls } from "./fleet-calls.ts";
import { hostCalls } from "./host-calls.ts";
import { sharedCalls } from "./shared-calls.ts";
import type { ThreadRole } from "./thread/messages.ts";
import { StoreThread, type QueueBounds, type StoreLog } from "./thread/thread.ts";

export interface StoreParts {
  readonly log: StoreLog;
  /** Default: 10,000 calls and 64 MiB of samples per thread. */
  readonly bounds?: QueueBounds;
}

const defaultBounds: QueueBounds = { maxCalls: 10_000, maxBytes: 64 * 1024 * 1024 };

/**
 * Opens and migrates the database. Rejects with one `AppError` when it is in use by another process (`conflict`), not
 * reachable (`unavailable`), damaged, somebody else's or newer than this release (`internal`).
 */
export async function createStore(settings: StoreSettings, parts: StoreParts): Promise<Store> {
  const postgres = parsePostgresUrl(settings.database);
  const database = postgres ?? settings.database;
  const { retention } = settings;
  const bounds = parts.bounds ?? defaultBounds;
  await using opened = new AsyncDisposableStack();
  const start = (role: ThreadRole): StoreThread =>
    opened.use(new StoreThread(role, { retention, database }, { bounds, log: parts.log }));
  if (postgres !== undefined) {
    const pool = start("database");
    await pool.open();
    return createFacade("postgres", { reader: pool, writer: pool }, settings, opened.move());
  }
  const writer = start("writer");
  const reader = start("reader");
  await writer.open();
  await reader.open();
  return createFacade("sqlite", { reader, writer }, settings, opened.move());
}

interface Threads {
  readonly reader: StoreThread;
  readonly writer: StoreThread;
}

function createFacade(
  engine: Store["engine"],
  threads: Threads,
  { retention }: StoreSettings,
  resources: AsyncDisposableStack,
): Store {
  const { writer, reader } = threads;
  const reads = callsOf(reader);
  const writes = callsOf(writer);
  return {
    engine,
    loadMonitors: reads("loadMonitors"),
    createMonitor: writes("createMonitor"),
    updateMonitor: writes("updateMonitor"),
    deleteMonitor: writes("deleteMonitor"),
    ...fleetCalls(engine, reads, writes, writer),
    commit: ({ frames, ...decisions }) => writer.call("commit", [decisions], frames),
    closeGap: writes("closeGap"),
    touchAlive: writes("touchAlive"),
    readAlive: reads("readAlive"),
    statusIntervals: reads("statusIntervals"),
    statusIntervalsOf: reads("statusIntervalsOf"),
    failedChecks: reads("failedChecks"),
    ...hostCalls(reads, writes),
    takePings: writes("takePings"),
    excuseHeartbeats: writes("excuseHeartbeats"),
    heartbeats: reads("heartbeats"),
    pings: reads("pings"),
    ...followingCalls(reads, writes),
    ...jobCalls(threads),
    ...alertCalls(threads),
    ...alertSettingCalls(reads, writes),
    ...externalAlertCalls(reads, writes),
    ...locationCalls(reads, writes),
    commitLocations: ({ frames, ...decisions }, judged) =>
      writer.call("commitLocations", [decisions, judged], frames),
    ...sharedCalls(reads, writes),
    createKey: writes("createKey"),
    keys: reads("keys"),
    revokeKey: writes("revokeKey"),
    touchKeys: writes("touchKeys"),
    createSession: writes("createSession"),
    session: reads("session"),
    deleteSession: writes("deleteSession"),
    addAuditEntry: writes("addAuditEntry"),
    auditEntries: reads("auditEntries"),
    rememberAnswer: writes("rememberAnswer"),
    rememberedAnswer: reads("rememberedAnswer"),
    append: (frames) => writer.call("append", [], frames),
    listSeries: reads("listSeries"),
    raw: reads("raw"),
    buckets: reads("buckets"),
    bucketsOf: reads("bucketsOf"),
    rawOf: reads("rawOf"),
    deleteSource: writes("deleteSource"),
    deleteSamples: (source, range) => deleteSamples(writer, source, range),
    countSamples: reads("countSamples"),
    bucketsOfNames: reads("bucketsOfNames"),
    latestOf: reads("latestOf"),
    setRetention: writes("setRetention"),
    maintain: (now) => maintain(writer, now, retention),
    seriesStats: reads("seriesStats"),
    async ping() {
      await writer.ping();
      if (reader !== writer) await reader.ping();
    },
    queues: () => (reader === writer ? [writer.queue] : [writer.queue, reader.queue]),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Makes the functions that call a thread, by the names of their operations. */
function callsOf(thread: StoreThread) {
  return <N extends OperationName>(name: N) =>
    (...args: Arguments<N>): Promise<Result<N>> =>
      thread.call(name, args);
}

function jobCalls({ writer, reader }: Threads): JobStore & JobWatchStore {
  const reads = callsOf(reader);
  const writes = callsOf(writer);
  return {
    takeEvents: writes("takeEvents"),
    jobs: reads("jobs"),
    job: reads("job"),
    runs: reads("runs"),
    run: reads("run"),
    subruns: reads("subruns"),
    runEvents: reads("runEvents"),
    runsInTree: reads("runsInTree"),
    jobTotals: reads("jobTotals"),
    jobsGoneLate: reads("jobsGoneLate"),
    loseSilentRuns: writes("loseSilentRuns"),
    lookAtJobs: writes("lookAtJobs"),
    changeJob: writes("changeJob"),
    deleteJob: (id, version, audit) => deleteJob(writer, id, version, audit),
  };
}

function alertCalls({ writer, reader }: Threads): AlertStore & OutboxStore & RuleStore {
  const reads = callsOf(reader);
  const writes = callsOf(writer);
  return {
    pendingTransitions: reads("pendingTransitions"),
    pendingSignals: reads("pendingSignals"),
    putSignals: writes("putSignals"),
    ruleStates: reads("ruleStates"),
    ruleSteps: reads("ruleSteps"),
    commitRules: writes("commitRules"),
    commitAlerting: writes("commitAlerting"),
    alertingState: reads("alertingState"),
    alertingSteps: reads("alertingSteps"),
    openIncidents: reads("openIncidents"),
    incident: reads("incident"),
    incidents: reads("incidents"),
    incidentComments: reads("incidentComments"),
    noticeGroups: reads("noticeGroups"),
    recentNotices: reads("recentNotices"),
    dueNotices: writes("dueNotices"),
    releaseNotices: writes("releaseNotices"),
    settleNotice: writes("settleNotice"),
    notices: reads("notices"),
    notice: reads("notice"),
    deliveries: reads("deliveries"),
    channelTotals: reads("channelTotals"),
    secret: writes("secret"),
  };
}

/** Deletes runs piece by piece, and what is left together with the job. */
async function deleteJob(
  writer: StoreThread,
  id: JobId,
  version: number,
  audit: AuditEntry,
): Promise<"deleted" | "version_mismatch" | "missing"> {
  while (await writer.call("dropJobRuns", [id, version]));
  return writer.call("deleteJob", [id, version, audit]);
}

/** Deletes shard by shard, so that other writes go in between. */
async function deleteSamples(
  writer: StoreThread,
  source: SourceKey,
  range: TimeRange,
): Promise<void> {
  let shard = 0;
  while (await writer.call("deleteSamplesOfShard", [source, range, shard])) shard += 1;
}

/** How long a piece of maintenance goes on beginning something, in ms: other writes wait for no longer, and for one seal. */
const sliceMs = 20;

/** Maintains in slices, so that what was decided about checks goes in between. */
async function maintain(
  writer: StoreThread,
  now: number,
  retention: StoreSettings["retention"],
): Promise<MaintenanceReport> {
  await writer.call("dropOld", [now, retention]);
  while (await writer.call("dropOldRuns", [now]));
  let total: MaintenanceReport = { sealedWindows: 0, droppedChunks: 0, elapsedMs: 0 };
  for (;;) {
    const slice = await writer.call("maintainSeries", [now, sliceMs]);
    total = {
      sealedWindows: total.sealedWindows + slice.sealedWindows,
      droppedChunks: total.droppedChunks + slice.droppedChunks,
      elapsedMs: total.elapsedMs + slice.elapsedMs,
    };
    if (!slice.more) return total;
  }
}
