/**
 * What is known of one execution of a job, derived from its events. Events come late, twice and out of order, so the
 * order in which they are applied never matters: every field is the earliest, the newest, the least or the greatest of
 * what the events say, and applying an event again changes nothing. A run therefore never goes back: what ended it
 * stays, and a late `started` only tells when it began.
 */
import type { JobEventKind, RunStatus } from "@belfry/contract";

/** What one event says, parsed. Times are epoch ms. */
export interface RunEvent {
  /** The same event sent twice has the same key, and counts once within its run. */
  readonly key: string;
  readonly siteId: string;
  readonly appName: string;
  readonly appId: string | null;
  readonly appVersion: string | null;
  /** `job`, `subjob`, or what a client calls it. */
  readonly type: string;
  /** Id of the run as its client has it; unique within site and app. */
  readonly runId: string;
  /** Id of the run this one is part of, in the same site and app; never its own. */
  readonly parentRunId: string | null;
  readonly businessKey: string | null;
  readonly subKey: string | null;
  readonly kind: JobEventKind;
  readonly at: number;
  readonly status: RunStatus | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly trace: RunTrace | null;
}

/** W3C trace context, in hexadecimal digits. */
export interface RunTrace {
  readonly traceId: string;
  readonly spanId: string;
}

/** What somebody said, and when (epoch ms). */
export interface Said<T> {
  readonly at: number;
  readonly value: T;
}

export interface RunError {
  readonly message: string | null;
  readonly type: string | null;
  readonly stack: string | null;
}

export interface RunProgress {
  /** 0 to 1. */
  readonly ratio: number | null;
  readonly current: number | null;
  readonly total: number | null;
}

/** How a run can have ended. */
export type EndStatus = Exclude<RunStatus, "running">;

/** A run as its events say it; of one that only its subruns told of, everything is null or empty. */
export interface RunState {
  readonly type: Said<string> | null;
  readonly businessKey: Said<string> | null;
  readonly subKey: Said<string> | null;
  readonly parentRunId: Said<string> | null;
  readonly appId: Said<string> | null;
  readonly appVersion: Said<string> | null;
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  readonly startHeard: boolean;
  readonly end: Said<EndStatus> | null;
  readonly error: Said<RunError> | null;
  readonly progress: Said<RunProgress> | null;
  /** What its newest `progress` says in words; heartbeats repeat only the figures. */
  readonly message: Said<{ readonly text: string | null }> | null;
  /** From one heartbeat to the next, as its `started` promised, in ms. */
  readonly heartbeatMs: Said<number> | null;
  readonly metrics: Readonly<Record<string, Said<number>>>;
  /** By key the newest value of those events that describe the run: its beginning, its progress, its end. */
  readonly metadata: Readonly<Record<string, Said<unknown>>>;
  readonly trace: Said<RunTrace> | null;
}

/** Metrics of one run; of more, those whose names come first are kept. */
export const mostRunMetrics = 100;
/** Keys of a run's metadata; of more, those that come first are kept. Events keep all of theirs. */
export const mostRunMetadata = 100;
/** Largest value in a run's metadata, in characters of its JSON; of a larger one only its event has it. */
export const longestRunMetadata = 4_096;

/** Heartbeats that may fail to come before a run is lost. */
const missedHeartbeats = 3;
/** What the way of a heartbeat may take beyond that, in ms: a sidecar, a batch, a busy machine. */
const onTheWayMs = 3_000;
/** Heartbeats further apart promise nothing. */
const slowestHeartbeatMs = 86_400_000;

/** A run of which no event was heard. */
export const emptyRun: RunState = Object.freeze({
  type: null,
  businessKey: null,
  subKey: null,
  parentRunId: null,
  appId: null,
  appVersion: null,
  firstAt: null,
  lastAt: null,
  startHeard: false,
  end: null,
  error: null,
  progress: null,
  message: null,
  heartbeatMs: null,
  metrics: {},
  metadata: {},
  trace: null,
});

/** The run with one more event of it. */
export function applyEvent(run: RunState | undefined, event: RunEvent): RunState {
  const known = run ?? emptyRun;
  const { at } = event;
  const said = <T>(value: T | null): Said<T> | null => (value === null ? null : { at, value });
  return {
    type: earliest(known.type, said(event.type)),
    businessKey: earliest(known.businessKey, said(event.businessKey)),
    subKey: earliest(known.subKey, said(event.subKey)),
    parentRunId: earliest(known.parentRunId, said(event.parentRunId)),
    appId: newest(known.appId, said(event.appId)),
    appVersion: newest(known.appVersion, said(event.appVersion)),
    firstAt: known.firstAt === null ? at : Math.min(known.firstAt, at),
    lastAt: known.lastAt === null ? at : Math.max(known.lastAt, at),
    startHeard: known.startHeard || event.kind === "started",
    end: newest(known.end, said(endOf(event))),
    error: newest(known.error, said(errorOf(event))),
    progress: newest(known.progress, said(progressOf(event))),
    message: newest(known.message, said(messageOf(event))),
    heartbeatMs: newest(known.heartbeatMs, said(heartbeatOf(event))),
    metrics: metricsWith(known.metrics, event),
    metadata: metadataWith(known.metadata, event),
    trace: earliest(known.trace, said(event.trace)),
  };
}

/** Its status; null: nothing of it was heard yet but that it has subruns. */
export function statusOf(run: RunState): RunStatus | null {
  if (run.end !== null) return run.end.value;
  return run.firstAt === null ? null : "running";
}

/**
 * For how long, in ms, nothing may be heard of it while it runs before it is lost: three heartbeats and 3 s. null of a run
 * that promised no heartbeats: silence says nothing of it.
 */
export function silenceMsOf({ heartbeatMs }: RunState): number | null {
  return heartbeatMs === null ? null : missedHeartbeats * heartbeatMs.value + onTheWayMs;
}

/**
 * When it began: the time of its earliest event. Where `started` is missing, the end less the duration that its client
 * measured, if that is earlier.
 */
export function startedAtOf(run: RunState): number | null {
  const { firstAt, end, startHeard } = run;
  if (firstAt === null || startHeard || end === null) return firstAt;
  const measured = measuredSecondsOf(run);
  if (measured === null) return firstAt;
  return Math.max(0, Math.min(firstAt, Math.round(end.at - measured * 1000)));
}

/** How long it took, in seconds: as its client measured it, else by the times of its events; null while it runs. */
export function durationSecondsOf(run: RunState): number | null {
  if (run.end === null || run.firstAt === null) return null;
  return measuredSecondsOf(run) ?? (run.end.at - run.firstAt) / 1000;
}

function measuredSecondsOf({ metrics }: RunState): number | null {
  const value = metricOf(metrics, "duration_s");
  return value === null || value < 0 ? null : value;
}

/** The latest value of a metric. */
export function metricOf(metrics: RunState["metrics"], name: string): number | null {
  return Object.hasOwn(metrics, name) ? (metrics[name]?.value ?? null) : null;
}

/** What an event ends its run with; null: nothing. `finished` without a status failed if it names an error. */
function endOf({ kind, status, metadata }: RunEvent): EndStatus | null {
  switch (kind) {
    case "error":
      return "failed";
    case "canceled":
      return "canceled";
    case "finished":
      if (status !== null && status !== "running") return status;
      return textOf(metadata["error"]) === null ? "succeeded" : "failed";
    default:
      return null;
  }
}

function errorOf(event: RunEvent): RunError | null {
  if (endOf(event) !== "failed") return null;
  const { metadata } = event;
  const error: RunError = {
    message: textOf(metadata["error"]) ?? textOf(metadata["message"]),
    type: textOf(metadata["error_type"]),
    stack: textOf(metadata["stack"]) ?? textOf(metadata["error_stack"]),
  };
  const isEmpty = error.message === null && error.type === null && error.stack === null;
  return isEmpty ? null : error;
}

function progressOf({ kind, metrics, metadata }: RunEvent): RunProgress | null {
  if (kind !== "progress" && kind !== "heartbeat") return null;
  const number = (name: string): number | null =>
    Object.hasOwn(metrics, name) ? (metrics[name] ?? null) : null;
  const percent = number("progress_pct");
  const [current, total] = [number("progress_current"), number("progress_total")];
  const message = kind === "progress" ? textOf(metadata["message"]) : null;
  // Counts are exact; a percentage that was computed from a ratio has digits at its end that mean nothing.
  const byCount = current !== null && total !== null && total > 0 ? current / total : null;
  const ratio = byCount ?? (percent === null ? null : Number((percent / 100).toPrecision(12)));
  if (ratio === null && current === null && message === null) return null;
  return {
    ratio: ratio === null ? null : Math.min(1, Math.max(0, ratio)),
    current,
    total,
  };
}

function messageOf(event: RunEvent): { readonly text: string | null } | null {
  if (event.kind !== "progress" || progressOf(event) === null) return null;
  return { text: textOf(event.metadata["message"]) };
}

/** A run promises heartbeats with its `started`. */
function heartbeatOf({ kind, metadata }: RunEvent): number | null {
  const seconds = metadata["heartbeat_s"];
  if (kind !== "started" || typeof seconds !== "number") return null;
  const ms = seconds * 1000;
  return ms > 0 && ms <= slowestHeartbeatMs ? Math.ceil(ms) : null;
}

/** Lines of the log, metrics and heartbeats say nothing of the run as a whole. */
function metadataWith(known: RunState["metadata"], event: RunEvent): RunState["metadata"] {
  const { kind, at, metadata } = event;
  if (kind === "event" || kind === "metric" || kind === "heartbeat") return known;
  const all = new Map(Object.entries(known));
  for (const [name, value] of Object.entries(metadata)) {
    if (kind === "progress" && name === "message") continue;
    if (JSON.stringify(value).length > longestRunMetadata) continue;
    const latest = newest(all.get(name) ?? null, { at, value });
    if (latest !== null) all.set(name, latest);
  }
  return firstOf(all, mostRunMetadata);
}

function metricsWith(known: RunState["metrics"], { at, metrics }: RunEvent): RunState["metrics"] {
  if (!hasAny(metrics)) return known;
  const all = new Map(Object.entries(known));
  for (const [name, value] of Object.entries(metrics)) {
    const latest = newest(all.get(name) ?? null, { at, value });
    if (latest !== null) all.set(name, latest);
  }
  return firstOf(all, mostRunMetrics);
}

/** Those whose names come first. */
function firstOf<T>(all: ReadonlyMap<string, T>, most: number): Readonly<Record<string, T>> {
  const sorted = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, most));
}

function hasAny(record: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(record).length > 0;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The later of two; of two at the same time the one whose JSON comes last, so that the order never matters. */
function newest<T>(a: Said<T> | null, b: Said<T> | null): Said<T> | null {
  if (a === null || b === null) return a ?? b;
  if (a.at !== b.at) return a.at > b.at ? a : b;
  return rankOf(a.value) >= rankOf(b.value) ? a : b;
}

function earliest<T>(a: Said<T> | null, b: Said<T> | null): Said<T> | null {
  if (a === null || b === null) return a ?? b;
  if (a.at !== b.at) return a.at < b.at ? a : b;
  return rankOf(a.value) <= rankOf(b.value) ? a : b;
}

/** Decides between values of the same time; of two ends `failed` is believed. */
function rankOf(value: unknown): string {
  // No JSON begins with "~".
  if (value === "failed") return "~2";
  return value === "canceled" ? "~1" : JSON.stringify(value);
}
