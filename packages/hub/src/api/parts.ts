/** What the API needs of the rest of the hub: ports of one to three functions each, wired in `app.ts`. */
import type { FleetReads, OwnProcess } from "./fleet-port.ts";
import type { Outputs } from "./output-port.ts";
import type { LocationReads, OutcomeIntake } from "./workers-port.ts";
import type { Registry } from "prom-client";
import type { AuditEntry } from "../model/access.ts";
import type { AlertSettingKind, AlertSettings } from "../model/alert-policy.ts";
import type { BoardEntry } from "../model/board.ts";
import type { FailedCheck } from "../model/change.ts";
import type { ChannelKind } from "../model/channel-kind.ts";
import type { CheckKind } from "../model/check-kind.ts";
import type { Clock } from "../model/clock.ts";
import type { ExternalAlert } from "../model/external-alert.ts";
import type { HeartbeatState, KeptPing, Ping, TakenPing } from "../model/heartbeat.ts";
import type { Host, KeptDetails } from "../model/host.ts";
import type { HostEntry, StackPost } from "../model/host-entry.ts";
import type { HostId, IdMaker, IncidentId, MonitorId } from "../model/id.ts";
import type { Incident, IncidentComment } from "../model/incident.ts";
import type {
  Job,
  JobId,
  JobQuery,
  JobSettingsChange,
  KeptEvent,
  KeptRun,
  RunQuery,
  RunRowId,
  TakenVerdict,
} from "../model/job.ts";
import type { Monitor } from "../model/monitor.ts";
import type { ChannelId, Delivery, KeptNotice, NoticeId } from "../model/notice.ts";
import type { Outcome } from "../model/outcome.ts";
import type { SignedLinks } from "../model/signed-links.ts";
import type {
  Frame,
  Selector,
  SeriesBuckets,
  SeriesKey,
  SeriesSamples,
  SourceKey,
  TimeRange,
} from "../model/series.ts";
import type {
  JobEvent,
  NoticeState,
  Problem,
  Reason,
  SampleBatch,
  Severity,
  Status,
} from "@belfry/contract";
import type { AlertRules } from "./alerting/alert-rules.ts";
import type { ChannelReads, Channels } from "./alerting/channels.ts";
import type { Foresight } from "./alerting/would-tell.ts";
import type { KeyStore } from "./access/key-ring.ts";
import type { OtherHubs } from "./access/other-hubs.ts";
import type { SessionStore } from "./access/sessions.ts";

/** The present state of every monitor. */
export interface Board {
  /** Also of a monitor that follows a host. */
  get(id: MonitorId): BoardEntry | undefined;
  /** Every monitor but those that follow hosts. */
  entries(): Iterable<BoardEntry>;
  /** Monitors that follow hosts. */
  hostEntries(): Iterable<BoardEntry>;
}

/** Where changes to monitors go through. */
export interface Desk {
  create(monitor: Monitor, actor: string): Promise<BoardEntry>;
  /** Makes a heartbeat unless there is one whose slug was set to the same; answers with the id of the one there is. */
  provision(monitor: Monitor, actor: string): Promise<MonitorId>;
  /** `monitor.version` is one more than the version it replaces. */
  update(
    monitor: Monitor,
    resetState: boolean,
    actor: string,
  ): Promise<"updated" | "version_mismatch" | "missing">;
  remove(id: MonitorId, actor: string): Promise<boolean>;
  /** Checks now; undefined for a monitor that is gone, paused or being stopped. */
  checkNow(id: MonitorId): Promise<BoardEntry | undefined>;
  /** One check of a monitor that need not exist; nothing is stored. */
  test(monitor: Monitor, signal: AbortSignal): Promise<Outcome>;
}

/** An interval in which a monitor had one status; `to` is null for the open one. */
export interface StatusInterval {
  readonly status: Status;
  readonly reason: Reason | null;
  readonly from: number;
  readonly to: number | null;
}

/** What was of monitors. */
export interface HistoryStore {
  statusIntervals(id: MonitorId, range: TimeRange): Promise<readonly StatusInterval[]>;
  statusIntervalsOf(
    ids: readonly MonitorId[],
    range: TimeRange,
  ): Promise<ReadonlyMap<MonitorId, readonly StatusInterval[]>>;
  failedChecks(
    id: MonitorId,
    range: TimeRange,
    limit: number,
  ): Promise<readonly Omit<FailedCheck, "evidence">[]>;
}

/** Numeric history. */
export interface SeriesStore {
  append(
    frames: readonly Frame[],
  ): Promise<{ readonly accepted: number; readonly refused: number }>;
  listSeries(match: Selector, limit: number): Promise<readonly SeriesKey[]>;
  raw(match: Selector, range: TimeRange, limit: number): Promise<readonly SeriesSamples[]>;
  buckets(
    match: Selector,
    range: TimeRange,
    stepMs: number,
    limit: number,
  ): Promise<readonly SeriesBuckets[]>;
  bucketsOf(
    sources: readonly SourceKey[],
    key: SeriesKey,
    range: TimeRange,
    stepMs: number,
  ): Promise<readonly (SeriesBuckets | undefined)[]>;
  rawOf(
    source: SourceKey,
    keys: readonly SeriesKey[],
    range: TimeRange,
  ): Promise<readonly (SeriesSamples | undefined)[]>;
}

/** Hosts and what is kept of them. */
export interface HostReads {
  hostDetails(id: HostId): Promise<KeptDetails | undefined>;
  hostDetailTimes(): Promise<ReadonlyMap<HostId, number>>;
  bucketsOfNames(
    source: SourceKey,
    names: readonly string[],
    range: TimeRange,
    stepMs: number,
  ): Promise<readonly SeriesBuckets[]>;
  latestOf(
    source: SourceKey,
    names: readonly string[],
    since: number,
  ): Promise<readonly { readonly key: SeriesKey; readonly at: number; readonly value: number }[]>;
  countSamples(source: SourceKey, key: SeriesKey, range: TimeRange): Promise<number>;
}

/** What a batch or a post came to. */
export type ReceivedSamples =
  | {
      readonly kind: "stored";
      readonly hostId: HostId;
      readonly accepted: number;
      readonly refused: number;
      readonly seriesRefused: number;
    }
  /** The list of series is not known (any more): it has to be sent again. */
  | { readonly kind: "unknown_series" };

/** The present state of every host, and the ways in. */
export interface Hosts {
  get(id: HostId): HostEntry | undefined;
  entries(): Iterable<HostEntry>;
  /** The host that has this name now. */
  byName(name: string): HostEntry | undefined;
  /** The latest details, also those that are not written yet. */
  details(id: HostId): Promise<KeptDetails | undefined>;
  /** Takes in a batch of an agent. Resolves once it is synced to disk; makes the host when it is new. */
  receiveBatch(batch: SampleBatch): Promise<ReceivedSamples>;
  /** Takes in a post of the Monitoring Stack's clients. */
  receivePost(post: StackPost): Promise<ReceivedSamples>;
}

/** Where people's changes to hosts go through. */
export interface HostDesk {
  /** `host` and its monitor as they are to be; `monitor.version` is one more than the version it replaces. */
  update(
    host: Host,
    monitor: Monitor,
    actor: string,
  ): Promise<"updated" | "version_mismatch" | "missing">;
  /** Deletes a host with its monitor, samples and details; false when there is none. */
  remove(id: HostId, actor: string): Promise<boolean>;
  /** Deletes its samples up to now; details and the history of its status stay. */
  clean(id: HostId, actor: string): Promise<void>;
}

/** Monitors that wait to be called. */
export interface Heartbeats {
  byToken(token: string): MonitorId | "missing" | "ambiguous";
  bySlug(slug: string): MonitorId | "missing" | "ambiguous";
  state(id: MonitorId): HeartbeatState;
  /** Resolves once the call is synced to disk; null: the monitor is gone. */
  take(id: MonitorId, ping: Ping): Promise<TakenPing | null>;
}

/** Calls of heartbeats. */
export interface PingReads {
  pings(
    id: MonitorId,
    page: { readonly before?: number; readonly limit: number },
  ): Promise<readonly KeptPing[]>;
}

/** What became of one event; paths of problems are within the event. */
export type EventVerdict =
  | { readonly kind: TakenVerdict }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] };

/** Where events of runs go in. */
export interface Runs {
  /** Resolves, in the order of the events, once everything taken is synced to disk. */
  take(events: readonly unknown[]): Promise<readonly EventVerdict[]>;
}

/** Jobs and runs. */
export interface JobReads {
  jobs(query: JobQuery): Promise<readonly Job[]>;
  job(id: JobId): Promise<Job | undefined>;
  runs(query: RunQuery): Promise<readonly KeptRun[]>;
  run(id: RunRowId): Promise<KeptRun | undefined>;
  subruns(
    id: RunRowId,
    bounds: { readonly limit: number; readonly depth: number },
  ): Promise<readonly KeptRun[]>;
  runEvents(
    id: RunRowId,
    page: {
      readonly after?: { readonly at: number; readonly key: string };
      readonly limit: number;
    },
  ): Promise<readonly KeptEvent[]>;
}

/** Where people's changes to jobs go through; a change holds for the version of the job that is given. */
export interface JobDesk {
  change(
    job: Job,
    change: JobSettingsChange,
    actor: string,
  ): Promise<"updated" | "version_mismatch" | "missing">;
  /** Deletes it with its runs and series. */
  remove(job: Job, actor: string): Promise<"deleted" | "version_mismatch" | "missing">;
}

/** Events of runs in any dialect, read into the one form. */
export interface ReadEvents {
  readonly taken: readonly JobEvent[];
  /** For each of `taken` its place in the body. */
  readonly places: readonly number[];
  /** What is wrong with which item; `index` -1: the body as a whole. */
  readonly refused: readonly (Problem & { readonly index: number })[];
  /** Items of the body. */
  readonly total: number;
  /** The body was one event, and no list. */
  readonly isSingle: boolean;
}

export interface IncidentStore {
  incident(id: IncidentId): Promise<Incident | undefined>;
  incidents(query: {
    readonly subjectId?: string;
    readonly open?: boolean;
    readonly severity?: Severity;
    readonly text?: string;
    readonly range?: TimeRange;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<readonly Incident[]>;
}

/** What people set about alerts. */
export interface AlertSettingStore {
  alertSettings<K extends AlertSettingKind>(kind: K): Promise<readonly AlertSettings[K][]>;
  alertSetting<K extends AlertSettingKind>(
    kind: K,
    id: string,
  ): Promise<AlertSettings[K] | undefined>;
  createAlertSetting<K extends AlertSettingKind>(
    kind: K,
    setting: AlertSettings[K],
    audit: AuditEntry,
  ): Promise<void>;
  updateAlertSetting<K extends AlertSettingKind>(
    kind: K,
    setting: AlertSettings[K],
    audit: AuditEntry,
  ): Promise<"updated" | "version_mismatch" | "missing">;
  deleteAlertSetting(
    kind: AlertSettingKind,
    id: string,
    version: number,
    audit: AuditEntry,
  ): Promise<"deleted" | "version_mismatch" | "missing">;
}

/** What was told of incidents, and written about them. */
export interface NoticeReads {
  incidentComments(id: IncidentId, limit: number): Promise<readonly IncidentComment[]>;
  notices(query: {
    readonly incidentId?: IncidentId;
    readonly channelId?: ChannelId;
    readonly state?: NoticeState;
    readonly cursor?: NoticeId;
    readonly limit: number;
  }): Promise<readonly KeptNotice[]>;
  notice(id: NoticeId): Promise<KeptNotice | undefined>;
  deliveries(id: NoticeId, limit: number): Promise<readonly Delivery[]>;
}

/** Where people's acts on incidents go through; undefined: there is none. */
export interface IncidentDesk {
  snooze(id: IncidentId, ms: number, actor: string): Promise<Incident | undefined>;
  resolve(id: IncidentId, actor: string): Promise<Incident | undefined>;
  comment(id: IncidentId, text: string, actor: string): Promise<IncidentComment | undefined>;
  /** What people set has changed: open incidents are looked at anew. Returns at once. */
  wake(): void;
}

/** Alerts of other systems. */
export interface ExternalAlertReads {
  externalAlerts(query: { readonly limit: number }): Promise<readonly ExternalAlert[]>;
}

/** Where alerts of other systems go in. */
export interface ExternalAlertIntake {
  /** Resolves once they are synced to disk. */
  take(alerts: readonly ExternalAlert[]): Promise<void>;
}

export interface AuditStore {
  /** Adds an entry about something that changed nothing else that is stored. */
  addAuditEntry(entry: AuditEntry): Promise<void>;
  auditEntries(query: {
    readonly cursor?: number;
    readonly limit: number;
  }): Promise<readonly (AuditEntry & { readonly sequence: number })[]>;
}

/** An answer kept under an `Idempotency-Key`. */
export interface RememberedAnswer {
  readonly principal: string;
  readonly key: string;
  readonly requestHash: string;
  readonly status: number;
  readonly body: string;
  readonly at: number;
}

export interface AnswerStore {
  rememberAnswer(answer: RememberedAnswer): Promise<RememberedAnswer>;
  rememberedAnswer(principal: string, key: string): Promise<RememberedAnswer | undefined>;
}

/** Everything the API asks of the store; `Store` satisfies it. */
export interface ApiStore
  extends
    HistoryStore,
    SeriesStore,
    HostReads,
    JobReads,
    PingReads,
    IncidentStore,
    NoticeReads,
    AlertSettingStore,
    ExternalAlertReads,
    LocationReads,
    AuditStore,
    AnswerStore,
    KeyStore,
    SessionStore,
    ChannelReads {}

/** One open event stream: its text, until the stream has lived long enough or the hub stops. */
export type LiveReader = AsyncIterable<string>;

/** Changes as they happen. */
export interface LiveSource {
  /** Every event of a run as it is stored; undefined: there are as many readers as are allowed. */
  openTail(reader: {
    readonly keyId: string | undefined;
    readonly onDropped: () => void;
  }): LiveReader | undefined;
  /** undefined: there are as many readers as are allowed. */
  open(reader: {
    readonly monitors: readonly MonitorId[];
    readonly hosts: "all" | readonly HostId[];
    /** Ids of runs, of runs above those wanted, or of jobs. */
    readonly runs: "all" | readonly string[];
    readonly lastEventId: string | undefined;
    /** The key the stream was opened with. */
    readonly keyId: string | undefined;
    /** Called when the reader is dropped because it takes its events too slowly. */
    readonly onDropped: () => void;
  }): LiveReader | undefined;
  /** Ends the streams opened with a key. */
  dropKey(keyId: string): void;
  /** Ends every stream: the hub stops. */
  closeAll(): void;
}

/** Reads Prometheus's text format. */
export type ImportParser = (
  text: string,
  nowMs: number,
) => {
  readonly frames: readonly Frame[];
  readonly bad: readonly { readonly line: number; readonly message: string }[];
};

/** What a remote_write request came to, beside its frames. */
export interface RemoteWriteSummary {
  /** Samples in the frames. */
  readonly samples: number;
  /** Samples with a time that cannot be kept. */
  readonly badTimes: number;
  readonly staleMarkers: number;
  /** Series that were refused, by what is wrong with them. */
  readonly refusedSeries: ReadonlyMap<string, number>;
  readonly refusedSamples: number;
  readonly metadata: number;
  readonly exemplars: number;
  readonly histograms: number;
}

/** Reads Prometheus's remote_write 1.0, piece by piece; throws `malformed` or `too_large`. */
export interface RemoteWriteParser {
  /** What can be wrong with a series, in words. */
  readonly faults: Readonly<Record<string, string>>;
  read(body: Uint8Array): Iterator<readonly Frame[], RemoteWriteSummary>;
}

/** Where faults are written. Texts hold no secrets. */
export interface Log {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface ApiParts {
  readonly clock: Clock;
  readonly newId: IdMaker;
  readonly version: string;
  readonly log: Log;
  readonly board: Board;
  readonly desk: Desk;
  readonly hosts: Hosts;
  readonly hostDesk: HostDesk;
  readonly heartbeats: Heartbeats;
  readonly alertRules: AlertRules;
  readonly runs: Runs;
  readonly jobDesk: JobDesk;
  /** Reads a body in whichever dialect; `now` is epoch ms. */
  readonly readEvents: (body: unknown, now: number) => ReadEvents;
  readonly kinds: ReadonlyMap<string, CheckKind>;
  readonly channelKinds: ReadonlyMap<string, ChannelKind>;
  readonly channels: Channels;
  readonly store: ApiStore;
  readonly live: LiveSource;
  /** Belfry's own metrics. */
  readonly registry: Registry;
  readonly outputs: Outputs;
  readonly fleet: FleetReads;
  readonly otherHubs: OtherHubs;
  readonly ownProcess: OwnProcess;
  readonly locations: OutcomeIntake;
  readonly parseImport: ImportParser;
  readonly remoteWrite: RemoteWriteParser;
  /** Part → `ok` or what is wrong with it; for `/ready`. */
  readonly ready: () => Promise<Readonly<Record<string, string>>>;
  readonly incidentDesk: IncidentDesk;
  readonly externalAlerts: ExternalAlertIntake;
  readonly foresight: Foresight;
  /** Reads links of notices. */
  readonly incidentLinks: Pick<SignedLinks, "judge">;
  /** Notes that somebody takes care of an incident; done where incidents are decided, so that neither forgets the other. */
  readonly acknowledge: (id: IncidentId, actor: string) => Promise<Incident | undefined>;
  /** What `GET /system` tells; answers null before the first sample. null: this process has no agent. */
  readonly system: (() => object | null) | null;
  /** Where the built dashboard is. */
  readonly pages: string;
}
