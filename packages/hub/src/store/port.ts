/**
 * Everything the hub asks of its store. Two engines implement it (`sqlite/`, `postgres/`) and `store.contract.ts`
 * holds both to the same behaviour. Every function that writes resolves once the write is durable (synced to disk);
 * it rejects with an `AppError` and then nothing of it was written. Times are epoch ms.
 */
import type { Reason, Status } from "@belfry/contract";
import type { ApiKey, AuditEntry } from "../model/access.ts";
import type { Change, CommitResult, FailedCheck, StatusChange } from "../model/change.ts";
import type { DecidedOfHost } from "../model/host.ts";
import type { KeptHeartbeat, KeptPing, TakenPing } from "../model/heartbeat.ts";
import type { IncidentId, KeyId, MonitorId } from "../model/id.ts";
import type { Incident, IncidentComment } from "../model/incident.ts";
import type {
  ChangedRun,
  Job,
  JobId,
  JobQuery,
  JobSettingsChange,
  JobTotals,
  KeptEvent,
  KeptRun,
  RunInTree,
  RunQuery,
  RunRowId,
  TakenEvents,
} from "../model/job.ts";
import type { JudgeState, Transition } from "../model/judgement.ts";
import type { Monitor } from "../model/monitor.ts";
import type { KeptRuleState, RuleChange } from "../model/rule-state.ts";
import type { AlertSettingStore } from "./alert-setting-calls.ts";
import type { ExternalAlertStore } from "./external-alert-calls.ts";
import type { LocationStore } from "./location-calls.ts";
import type { HostStore } from "./host-calls.ts";
import type { SharedStore } from "./shared-calls.ts";
import type { FleetStore } from "./fleet-port.ts";
import type { FollowingStore } from "./following-calls.ts";
import type { ChannelId, Delivery, KeptNotice, NoticeGroup, NoticeId } from "../model/notice.ts";
import type { RunEvent } from "../model/run.ts";
import type {
  Frame,
  Selector,
  SeriesBuckets,
  SeriesKey,
  SeriesSamples,
  SourceKey,
  TimeRange,
} from "../model/series.ts";
import type { Signal } from "../model/signal.ts";
import type { AlertingStep, IncidentQuery } from "./operations/alerting.ts";
import type { PingOf } from "./operations/heartbeats.ts";
import type { DueQuery, HandedOut, NoticeQuery, SettledNotice } from "./operations/notices.ts";

/** Monitors and what is known of them. */
export interface MonitorStore {
  /** Every monitor with its judge state (absent before the first check); read once at start. */
  loadMonitors(): Promise<readonly { monitor: Monitor; state: JudgeState | undefined }[]>;
  /** Also opens the monitor's first status interval, as said by `status`. */
  createMonitor(monitor: Monitor, status: StatusChange, audit: AuditEntry): Promise<void>;
  /**
   * Replaces monitor `monitor.id` if its stored version is `monitor.version - 1`. `status` is set when the change
   * paused or resumed it. With `resetState` its judge state is forgotten (its kind or settings changed). `host` is what
   * people decide of the host it follows, where that changes with it.
   */
  updateMonitor(
    monitor: Monitor,
    options: {
      readonly status: StatusChange | null;
      readonly resetState: boolean;
      readonly host?: DecidedOfHost;
    },
    audit: AuditEntry,
  ): Promise<"updated" | "version_mismatch" | "missing">;
  /**
   * Removes it with its state, intervals, failed checks and series, and the host it follows with its names, details and
   * series; incidents stay.
   */
  deleteMonitor(id: MonitorId, audit: AuditEntry): Promise<boolean>;

  /**
   * Stores what was decided about checks: all of it or nothing; a change with a mark once, however often it comes. See
   * `Change` for what is refused or dropped where several processes decide.
   */
  commit(change: Change): Promise<CommitResult>;
  /**
   * Called once at start: from `aliveAt` (the last sign of life of the former process) to the next check nothing is
   * known, so open up/down/degraded intervals of checked monitors end there and `unknown` (not_running) begins.
   */
  closeGap(aliveAt: number): Promise<void>;
  /** Notes a sign of life, and reads the last one. */
  touchAlive(at: number): Promise<void>;
  readAlive(): Promise<number | undefined>;

  /** Status intervals that overlap the range, ascending; `to` is null for the open one. */
  statusIntervals(id: MonitorId, range: TimeRange): Promise<readonly StatusInterval[]>;
  /** The same for several monitors at once, keyed by id. */
  statusIntervalsOf(
    ids: readonly MonitorId[],
    range: TimeRange,
  ): Promise<ReadonlyMap<MonitorId, readonly StatusInterval[]>>;
  /** Failed checks in the range, newest first, at most `limit`; evidence is left out. */
  failedChecks(
    id: MonitorId,
    range: TimeRange,
    limit: number,
  ): Promise<readonly Omit<FailedCheck, "evidence">[]>;
}

export interface StatusInterval {
  readonly status: Status;
  readonly reason: Reason | null;
  readonly from: number;
  readonly to: number | null;
}

/** Monitors that wait to be called. */
export interface HeartbeatStore {
  /**
   * Takes in calls, in one transaction and in this order. Of a monitor the newest `mostPings` calls are kept. Answers in
   * the order of the calls; null for a monitor that is gone.
   */
  takePings(pings: readonly PingOf[]): Promise<readonly (TakenPing | null)[]>;
  /** Notes that up to a time (epoch ms) nobody knows whether they were called. */
  excuseHeartbeats(
    excused: readonly { readonly id: MonitorId; readonly until: number }[],
  ): Promise<void>;
  /** Every heartbeat that was ever called or excused, ascending by id. */
  heartbeats(): Promise<readonly KeptHeartbeat[]>;
  /** Newest first; `before` is the number of the last call of the page before. */
  pings(
    id: MonitorId,
    page: { readonly before?: number; readonly limit: number },
  ): Promise<readonly KeptPing[]>;
}

/** Jobs, their runs and the events of runs. */
export interface JobStore {
  /**
   * Takes in events, in one transaction: their runs and jobs are made where they are new, a run that is only named as a
   * parent too. An event whose key its run has among its kept events is a `duplicate` and changes nothing. Of a run the
   * newest `mostRunEvents` events are kept. A run that ends adds one sample to each series of its job. What begins or
   * ceases to ring is signalled in the same transaction. Answers in the order of the events.
   */
  takeEvents(events: readonly RunEvent[], receivedAt: number): Promise<TakenEvents>;
  /** By name, at most `limit`. */
  jobs(query: JobQuery): Promise<readonly Job[]>;
  job(id: JobId): Promise<Job | undefined>;
  /** Those that began last first. */
  runs(query: RunQuery): Promise<readonly KeptRun[]>;
  run(id: RunRowId): Promise<KeptRun | undefined>;
  /** All runs below a run, level by level, each level by the time they began; at most `limit`, `depth` levels down. */
  subruns(
    id: RunRowId,
    bounds: { readonly limit: number; readonly depth: number },
  ): Promise<readonly KeptRun[]>;
  /** Events of a run that are kept, ascending by time and key, at most `limit`. */
  runEvents(
    id: RunRowId,
    page: {
      readonly after?: { readonly at: number; readonly key: string };
      readonly limit: number;
    },
  ): Promise<readonly KeptEvent[]>;
}

/** What is noticed of jobs although nothing came in, and what people change of them. */
export interface JobWatchStore {
  /**
   * Makes those runs `lost` of which nothing was heard for as long as their heartbeats promised: at most `limit`, those
   * silent for longest first, and none that may be silent for longer than `listenedMs`, the time in which words of it
   * would have been taken in. `now` is epoch ms; with `graceMs` they have to be silent for so much longer. Answers which
   * they were.
   */
  loseSilentRuns(bounds: {
    readonly now: number;
    readonly listenedMs: number;
    readonly graceMs?: number;
    readonly limit: number;
  }): Promise<readonly ChangedRun[]>;
  /**
   * Looks at jobs that may ring by now although nothing was heard of them: late, never started, slow while they run. At
   * most `limit`; those that may have rung for longest go first. To be asked by who has listened for long enough. `now` is epoch ms.
   */
  lookAtJobs(bounds: {
    readonly now: number;
    readonly limit: number;
  }): Promise<{ readonly looked: number; readonly rang: boolean }>;
  /** Jobs that became late after `after` and not after `until` (epoch ms), at most `limit`. */
  jobsGoneLate(span: {
    readonly after: number;
    readonly until: number;
    readonly limit: number;
  }): Promise<readonly JobId[]>;
  /** Counts runs and jobs; `now` is epoch ms. */
  jobTotals(now: number): Promise<JobTotals>;
  /** Those of the runs that exist, in any order, each with the ids of the runs above it. */
  runsInTree(ids: readonly RunRowId[]): Promise<readonly RunInTree[]>;
  /**
   * Changes what people set of a job, if its version is `version`; the next one is one more. A schedule counts from
   * `audit.at`, unless it is the one that was set.
   */
  changeJob(
    id: JobId,
    change: JobSettingsChange,
    version: number,
    audit: AuditEntry,
  ): Promise<"updated" | "version_mismatch" | "missing">;
  /**
   * Deletes a job with its runs, their events and its series, if its version is `version`. Runs below its runs stay, with
   * jobs of their own. Many runs are deleted piece by piece: after a failure, ask again.
   */
  deleteJob(
    id: JobId,
    version: number,
    audit: AuditEntry,
  ): Promise<"deleted" | "version_mismatch" | "missing">;
}

/** What alerting consumes and keeps. */
export interface AlertStore {
  /** Transitions not yet consumed, oldest first, at most `limit`. */
  pendingTransitions(
    limit: number,
  ): Promise<readonly { readonly sequence: number; readonly transition: Transition }[]>;
  /** Signals not yet consumed, oldest first, at most `limit`. */
  pendingSignals(
    limit: number,
  ): Promise<readonly { readonly sequence: number; readonly signal: Signal }[]>;
  /** Hands signals to alerting, in this order. */
  putSignals(signals: readonly Signal[]): Promise<void>;
  /**
   * One step of alerting, all of it or nothing: these inputs are consumed, incidents and groups written, notices put into
   * the outbox, comments and audit entries added. The revision of an incident or group is one more than what it replaces;
   * `conflict` when that is not so, when an input was consumed already, or when `after` is given and there was a further
   * step since.
   */
  commitAlerting(step: AlertingStep): Promise<void>;
  /** What a step is decided from, all at one instant; `steps` counts those that were ever committed. */
  alertingState(): Promise<{
    readonly steps: number;
    readonly incidents: readonly Incident[];
    readonly groups: readonly NoticeGroup[];
  }>;
  /** How many steps were ever committed, by whichever hub: what `alertingState` counts. */
  alertingSteps(): Promise<number>;
  /** Also those that are over and that something is still to be told of. */
  openIncidents(): Promise<readonly Incident[]>;
  incident(id: IncidentId): Promise<Incident | undefined>;
  /** Newest first. `cursor` is the id of the last incident of the page before; `text` is searched in title and names. */
  incidents(query: IncidentQuery): Promise<readonly Incident[]>;
  /** The newest comments on an incident, oldest first. */
  incidentComments(id: IncidentId, limit: number): Promise<readonly IncidentComment[]>;
  /** Notices that wait to be told together. */
  noticeGroups(): Promise<readonly NoticeGroup[]>;
  /** When notices were decided since then (epoch ms), ascending. */
  recentNotices(
    since: number,
  ): Promise<
    readonly { readonly route: string; readonly channelId: ChannelId; readonly at: number }[]
  >;
}

/** What rules over series decided. */
export interface RuleStore {
  /** Every trouble that is not inactive; with `prefix`, of sources that begin with it. */
  ruleStates(prefix?: string): Promise<readonly KeptRuleState[]>;
  /** How many changes with a fence that has `after` were committed. */
  ruleSteps(): Promise<number>;
  /** Writes states and hands the signals to alerting, together; see `RuleChange.fence` for what is refused. */
  commitRules(change: RuleChange): Promise<CommitResult>;
}

/** Notices from their decision to their end, and the log of what was tried. */
export interface OutboxStore {
  /**
   * Hands out notices that are due, oldest first, at most `limit`, and none before an unfinished earlier one of the same
   * incident and channel. Nobody else is handed them before `claimUntil`. `nextAt`: when there may be more. See
   * `DueQuery` for what is handed out again.
   */
  dueNotices(query: DueQuery): Promise<HandedOut>;
  /** Gives notices back that were handed out and not attempted. */
  releaseNotices(ids: readonly NoticeId[] | "all"): Promise<void>;
  /**
   * Writes what became of a notice, with the attempt, what is told instead and signals about it, together. false: it was
   * written before, and nothing changed.
   */
  settleNotice(settled: SettledNotice): Promise<boolean>;
  /** Newest first. */
  notices(query: NoticeQuery): Promise<readonly KeptNotice[]>;
  notice(id: NoticeId): Promise<KeptNotice | undefined>;
  /** Attempts of a notice, newest first. */
  deliveries(id: NoticeId, limit: number): Promise<readonly Delivery[]>;
  /** Of each channel that was ever told: what waits, and when it took something last. */
  channelTotals(): Promise<
    readonly {
      readonly channelId: ChannelId;
      readonly waiting: number;
      readonly lastSentAt: number | null;
    }[]
  >;
  /** A key Belfry made for itself: the one kept by this name, or else `candidate`, which is kept from then on. */
  secret(name: string, candidate: string): Promise<string>;
}

/** Keys, sessions, audit, repeated requests. */
export interface AccessStore {
  createKey(key: ApiKey, audit: AuditEntry): Promise<void>;
  keys(): Promise<readonly ApiKey[]>;
  /** Also ends the sessions made from it. */
  revokeKey(id: KeyId, at: number, audit: AuditEntry): Promise<boolean>;
  touchKeys(used: readonly { readonly id: KeyId; readonly at: number }[]): Promise<void>;
  createSession(session: Session): Promise<void>;
  session(hash: string): Promise<Session | undefined>;
  deleteSession(hash: string): Promise<void>;
  /** Adds an entry about something that changed nothing else that is stored. */
  addAuditEntry(entry: AuditEntry): Promise<void>;
  /** Newest first. `cursor` is the sequence of the last entry of the page before. */
  auditEntries(query: {
    readonly cursor?: number;
    readonly limit: number;
  }): Promise<readonly (AuditEntry & { readonly sequence: number })[]>;
  /**
   * Remembers an answer under an `Idempotency-Key` of one principal, unless one is remembered already; gives back
   * the one that holds. Answers are forgotten after a day.
   */
  rememberAnswer(answer: RememberedAnswer): Promise<RememberedAnswer>;
  rememberedAnswer(principal: string, key: string): Promise<RememberedAnswer | undefined>;
}

/** A page's session; only the SHA-256 of its token is stored. */
export interface Session {
  readonly hash: string;
  readonly keyId: KeyId;
  /** The token that must come back in a header with every change. */
  readonly csrf: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface RememberedAnswer {
  readonly principal: string;
  readonly key: string;
  /** SHA-256 of method, path and body: the same key with another request is refused. */
  readonly requestHash: string;
  readonly status: number;
  readonly body: string;
  readonly at: number;
}

/** Numeric history. Its promises and its format are on the page `store/series/FORMAT.md`. */
export interface SeriesStore {
  /** Resolves when durable. Samples older than the raw retention or a day ahead are refused, counted in `refused`. */
  append(
    frames: readonly Frame[],
  ): Promise<{ readonly accepted: number; readonly refused: number }>;
  /** Series that match and have samples or chunks, sorted by name and labels, at most `limit`. */
  listSeries(match: Selector, limit: number): Promise<readonly SeriesKey[]>;
  raw(match: Selector, range: TimeRange, limit: number): Promise<readonly SeriesSamples[]>;
  /** Buckets of `stepMs`; answered from rollups where the step allows. */
  buckets(
    match: Selector,
    range: TimeRange,
    stepMs: number,
    limit: number,
  ): Promise<readonly SeriesBuckets[]>;
  /**
   * The same for chosen sources and one metric: what pages ask for, without a selector over all series. `key` holds the
   * series' own labels, without its source's.
   */
  bucketsOf(
    sources: readonly SourceKey[],
    key: SeriesKey,
    range: TimeRange,
    stepMs: number,
  ): Promise<readonly (SeriesBuckets | undefined)[]>;
  /** Raw samples of named series of one source (own labels only); undefined where a series does not exist. */
  rawOf(
    source: SourceKey,
    keys: readonly SeriesKey[],
    range: TimeRange,
  ): Promise<readonly (SeriesSamples | undefined)[]>;
  deleteSource(source: SourceKey): Promise<void>;
  /** Seals what is due, applies retention; called about once a minute, and safe to call from several hubs. */
  maintain(now: number): Promise<MaintenanceReport>;
  seriesStats(): Promise<SeriesStats>;
}

/** What hosts ask of numeric history beyond that. */
export interface SourceSeriesStore {
  /**
   * Deletes samples and buckets of a source in the range (both bounds included), in every resolution. Buckets of which a
   * part lies in the range are made again from the samples that are left, or go as a whole where samples were dropped by
   * retention. A large source is deleted piece by piece: after a failure, ask again.
   */
  deleteSamples(source: SourceKey, range: TimeRange): Promise<void>;
  /** Distinct instants at which a source has samples of one series (own labels only), in the range. */
  countSamples(source: SourceKey, key: SeriesKey, range: TimeRange): Promise<number>;
  /**
   * Buckets of every series of one source whose metric has one of these names, sorted by name and labels; keys hold the
   * series' own labels. Resolutions as with `buckets`.
   */
  bucketsOfNames(
    source: SourceKey,
    names: readonly string[],
    range: TimeRange,
    stepMs: number,
  ): Promise<readonly SeriesBuckets[]>;
  /** The newest sample of each series of a source with one of these names, not older than `since`. */
  latestOf(
    source: SourceKey,
    names: readonly string[],
    since: number,
  ): Promise<readonly { readonly key: SeriesKey; readonly at: number; readonly value: number }[]>;
  /**
   * Sources whose samples are kept for another time than all others, ms; replaces what was said before, by whichever
   * hub. Holds for what is appended from then on and, from the next `maintain` on, for what is dropped. Buckets of such a
   * source are kept as long as all others, or as its samples where those are kept for longer.
   */
  setRetention(sources: ReadonlyMap<SourceKey, number>): Promise<void>;
}

export interface MaintenanceReport {
  readonly sealedWindows: number;
  readonly droppedChunks: number;
  readonly elapsedMs: number;
}

/** `bytes` is the whole database: tables, indexes, free pages and write-ahead log. */
export interface SeriesStats {
  readonly series: number;
  readonly samples: number;
  readonly bytes: number;
  readonly chunkBytes: number;
  readonly rollupBytes: number;
  readonly writeAheadBytes: number;
}

/** The whole store. */
export interface Store
  extends
    MonitorStore,
    HostStore,
    HeartbeatStore,
    JobStore,
    JobWatchStore,
    AlertStore,
    ExternalAlertStore,
    LocationStore,
    OutboxStore,
    AlertSettingStore,
    RuleStore,
    AccessStore,
    SeriesStore,
    SourceSeriesStore,
    FleetStore,
    FollowingStore,
    SharedStore,
    AsyncDisposable {
  readonly engine: "sqlite" | "postgres";
  /** A cheap question that fails when the store cannot serve. */
  ping(): Promise<void>;
  /** What waits in each of the store's threads; read for metrics. */
  queues(): readonly StoreQueue[];
}

/** Calls that a store thread has not answered. When the queue is full, further calls are refused with `unavailable`. */
export interface StoreQueue {
  readonly thread: string;
  readonly depth: number;
  /** Bytes of samples among them. */
  readonly bytes: number;
  /** Age of the oldest, in ms; 0 when nothing waits. */
  readonly oldestMs: number;
  /** Calls refused since start because the queue was full. */
  readonly refused: number;
}

/** How the store is opened. */
export interface StoreSettings {
  /** A file path for SQLite, or a `postgres://` URL. */
  readonly database: string;
  readonly retention: {
    readonly rawMs: number;
    readonly fiveMinutesMs: number;
    readonly hourMs: number;
    /** null: no cap. The oldest windows go first. */
    readonly maxBytes: number | null;
  };
}
