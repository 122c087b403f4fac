/**
 * The tables as Kysely sees them, the same on both engines: times are epoch ms, booleans 0 or 1, ids lower-case text,
 * lists and objects JSON in text. The tables of series are in `series/`.
 */
import type { Generated, Kysely } from "kysely";
import type {
  CheckRequestTable,
  HeardTable,
  LeaseTable,
  MonitorNowTable,
  ProcessTable,
  RequestCountTable,
  SeriesListTable,
} from "./fleet-tables.ts";

export interface Tables {
  monitor: MonitorTable;
  judge_state: JudgeStateTable;
  status_interval: StatusIntervalTable;
  failed_check: FailedCheckTable;
  transition: TransitionTable;
  commit_mark: CommitMarkTable;
  incident: IncidentTable;
  incident_subject: IncidentSubjectTable;
  incident_comment: IncidentCommentTable;
  signal: SignalTable;
  notice: NoticeTable;
  notice_incident: NoticeIncidentTable;
  notice_group: NoticeGroupTable;
  delivery: DeliveryTable;
  secret: SecretTable;
  alert_setting: AlertSettingTable;
  api_key: ApiKeyTable;
  session: SessionTable;
  audit: AuditTable;
  answer: AnswerTable;
  note: NoteTable;
  host: HostTable;
  host_name: HostNameTable;
  host_details: HostDetailsTable;
  rule_state: RuleStateTable;
  location_state: LocationStateTable;
  location_interval: LocationIntervalTable;
  location_outcome: LocationOutcomeTable;
  remote_worker: RemoteWorkerTable;
  heartbeat: HeartbeatTable;
  ping: PingTable;
  external_alert: ExternalAlertTable;
  job: JobTable;
  run: RunTable;
  run_event: RunEventTable;
  process: ProcessTable;
  lease: LeaseTable;
  monitor_now: MonitorNowTable;
  heard: HeardTable;
  series_list: SeriesListTable;
  check_request: CheckRequestTable;
  request_count: RequestCountTable;
}

/** The handle operations work on: a whole database or one transaction of it. */
export type Database = Kysely<Tables>;

/** Which of the two databases it is, for the few statements that differ. */
export type Engine = "sqlite" | "postgres";

export interface MonitorTable {
  id: string;
  name: string;
  kind: string;
  settings: string;
  labels: string;
  depends_on: string;
  enabled: number;
  interval_ms: number;
  timeout_ms: number;
  judging: string;
  version: number;
  created_at: number;
  updated_at: number;
  /** JSON; null: the hub and its workers check it. */
  placement: string | null;
}

/** One row per monitor that was judged at least once. */
export interface JudgeStateTable {
  monitor_id: string;
  state: string;
}

/** `[started_at, ended_at)`; null in `ended_at`: the present one, of which a monitor has at most one. */
export interface StatusIntervalTable {
  monitor_id: string;
  started_at: number;
  ended_at: number | null;
  status: string;
  reason: string | null;
}

/** Only checks that were not plainly up. */
export interface FailedCheckTable {
  monitor_id: string;
  checked_at: number;
  location: string;
  result: string;
  reason: string;
  message: string;
  status_code: number | null;
  latency_ms: number | null;
  evidence: string | null;
}

/** Signals that alerting has not consumed yet. */
export interface SignalTable {
  sequence: Generated<number>;
  body: string;
}

export interface IncidentCommentTable {
  sequence: Generated<number>;
  incident_id: string;
  at: number;
  by: string;
  text: string;
}

/** The outbox, and its past. `claimed_until`: another hub delivers it until then. */
export interface NoticeTable {
  sequence: Generated<number>;
  id: string;
  channel_id: string;
  route: string;
  kind: string;
  body: string;
  is_fallback: number;
  state: string;
  attempts: number;
  next_at: number | null;
  claimed_until: number | null;
  claimed_by: string | null;
  created_at: number;
  sent_at: number | null;
  why: string | null;
}

/** The last change that a commit queue wrote: `writer` is the queue's, `number` grows by one with every change. */
export interface CommitMarkTable {
  writer: string;
  number: number;
  at: number;
}

/** Which incidents a notice tells of. */
export interface NoticeIncidentTable {
  incident_id: string;
  notice_id: string;
}

/** Notices that wait to be told together. */
export interface NoticeGroupTable {
  key: string;
  due_at: number;
  body: string;
  revision: number;
}

export interface DeliveryTable {
  sequence: Generated<number>;
  notice_id: string;
  at: number;
  attempt: number;
  result: string;
  why: string | null;
  request: string | null;
  answer: string | null;
  duration_ms: number;
}

/** Keys that Belfry makes for itself, by name. */
export interface SecretTable {
  name: string;
  value: string;
}

/** Transitions that alerting has not consumed yet. */
export interface TransitionTable {
  sequence: Generated<number>;
  monitor_id: string;
  body: string;
}

export interface IncidentTable {
  id: string;
  opened_at: number;
  decided_at: number;
  acknowledged_at: number | null;
  resolved_at: number | null;
  /** Empty: none. */
  reason: string;
  message: string;
  flapping: number;
  subjects: string;
  evidence: string;
  title: string | null;
  severity: string | null;
  labels: string | null;
  troubles: string | null;
  cause: string | null;
  acknowledged_by: string | null;
  suppressed_by: string | null;
  flow: string | null;
  /** What is searched in. */
  folded: string | null;
  snoozed_until: number | null;
  held_until: number | null;
  wake_at: number | null;
  revision: number;
}

/** Which incidents speak of a thing; the incident itself holds the subjects' names. */
export interface IncidentSubjectTable {
  kind: string;
  subject_id: string;
  incident_id: string;
}

/** `ends_at`: when a silence is over; null: never. */
export interface AlertSettingTable {
  kind: string;
  id: string;
  body: string;
  ends_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
}

export interface ApiKeyTable {
  id: string;
  name: string;
  hash: string;
  prefix: string;
  scopes: string;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
}

export interface SessionTable {
  hash: string;
  key_id: string;
  csrf: string;
  created_at: number;
  expires_at: number;
}

export interface AuditTable {
  sequence: Generated<number>;
  at: number;
  actor: string;
  action: string;
  resource: string;
  resource_id: string;
  detail: string;
}

/** Answers to requests with an `Idempotency-Key`. */
export interface AnswerTable {
  principal: string;
  key: string;
  request_hash: string;
  status: number;
  body: string;
  at: number;
}

/** Single values, by name. */
export interface NoteTable {
  name: string;
  value: number;
}

/** `id` is that of the monitor that follows the host, and goes with it. */
export interface HostTable {
  id: string;
  identity: string;
  boot_id: string | null;
  agent_version: string | null;
  interval_ms: number | null;
  agent_labels: string;
  name_is_chosen: number;
  silent_after_ms: number | null;
  retention_ms: number | null;
  cloned_from: string | null;
  last_heard_at: number | null;
  created_at: number;
}

/** A name belongs to one host; `position` 0 is a host's present one. */
export interface HostNameTable {
  name: string;
  host_id: string;
  position: number;
}

export interface HostDetailsTable {
  host_id: string;
  received_at: number;
  details: string;
}

/**
 * `folded` is what is searched in; `last_run_id` the run that began last. `late_at`: when a run has to have begun; `learned`:
 * what was learned of durations, as JSON. `alert_on`, `ringing`: what is to ring and what rings, as JSON lists; `look_at`:
 * when something may begin to ring although nothing is heard.
 */
export interface JobTable {
  id: string;
  site: string;
  app: string;
  type: string;
  name: string;
  folded: string;
  last_run_id: string | null;
  last_status: string | null;
  created_at: number;
  schedule: string | null;
  schedule_set_at: number | null;
  late_at: number | null;
  slow_after_s: number | null;
  learned: string | null;
  version: Generated<number>;
  alert_on: string | null;
  ringing: string | null;
  look_at: number | null;
}

/**
 * `run_id` is its client's, unique within site and app; `parent_id` another row's `id`. `state` is what its events say;
 * `status` (but `lost`), `started_at`, `is_sub`, `duration_s` and `silence_ms` follow from it. Events up to `dropped_until`
 * are no longer kept. A run is lost when nothing is heard of it until `silent_at`. `slow_limit_s` is what had been learned
 * of its job when it ended.
 */
export interface RunTable {
  id: string;
  site: string;
  app: string;
  run_id: string;
  job_id: string | null;
  parent_id: string | null;
  is_sub: number;
  app_folded: string;
  status: string | null;
  started_at: number;
  state: string;
  events: number;
  events_dropped: number;
  dropped_until: number | null;
  created_at: number;
  updated_at: number;
  silence_ms: number | null;
  silent_at: number | null;
  duration_s: number | null;
  slow_limit_s: number | null;
  changed_in: Generated<number>;
}

export interface RunEventTable {
  run_id: string;
  key: string;
  at: number;
  received_at: number;
  kind: string;
  body: string;
  changed_in: Generated<number>;
}

/** What the calls of a heartbeat come to, as JSON. */
export interface HeartbeatTable {
  monitor_id: string;
  state: string;
  /** The transaction that wrote it, on PostgreSQL; see `operations/changed-in.ts`. */
  changed_in: Generated<number>;
}

/** The newest calls; `n` counts up for each monitor. */
export interface PingTable {
  monitor_id: string;
  n: number;
  at: number;
  kind: string;
  exit_code: number | null;
  rid: string | null;
  duration_ms: number | null;
  method: string;
  source: string;
  user_agent: string;
  body: string;
  body_bytes: number;
}

/** An alert of another system that fires, as JSON; it is over at `ends_at` unless it is told again. */
export interface ExternalAlertTable {
  fingerprint: string;
  ends_at: number;
  body: string;
}

/** `state` and `raised` are JSON: a `RuleState`, and the signal it was raised with. */
export interface RuleStateTable {
  source: string;
  rule_id: string;
  series: string;
  state: string;
  raised: string | null;
}

/**
 * One row per location of a monitor that anything was told of. `newest_slot`, `gaps` (JSON) say which slots were told of;
 * `judged_at`, `state`, `last` (JSON) are null until something was judged.
 */
export interface LocationStateTable {
  monitor_id: string;
  location: string;
  newest_slot: number;
  gaps: string;
  judged_at: number | null;
  state: string | null;
  last: string | null;
  from_version: number;
}

/** As `status_interval`, for one location of a monitor. */
export interface LocationIntervalTable {
  monitor_id: string;
  location: string;
  started_at: number;
  ended_at: number | null;
  status: string;
  reason: string | null;
}

/** Outcomes that wait to be judged. `fills`: newer ones of the location were judged already. */
export interface LocationOutcomeTable {
  monitor_id: string;
  location: string;
  slot: number;
  fills: number;
  body: string;
}

/** Processes elsewhere that check for this hub. */
export interface RemoteWorkerTable {
  id: string;
  name: string;
  location: string;
  version: string;
  joined_at: number;
  seen_at: number;
  waiting: number;
  dropped: number;
  clock_offset_ms: number;
}
