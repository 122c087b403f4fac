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
  readonly message: string | null;
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
  readonly metrics: Readonly<Record<string, Said<number>>>;
  /** That of the newest event that has any. */
  readonly metadata: Said<Readonly<Record<string, unknown>>> | null;
  readonly trace: Said<RunTrace> | null;
}

/** Metrics of one run; of more, those whose names come first are kept. */
export const mostRunMetrics = 100;

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
  metrics: {},
  metadata: null,
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
    metrics: metricsWith(known.metrics, event),
    metadata: newest(known.metadata, said(hasAny(event.metadata) ? event.metadata : null)),
    trace: earliest(known.trace, said(event.trace)),
  };
}

/** Its status; null: nothing of it was heard yet but that it has subruns. */
export function statusOf(run: RunState): RunStatus | null {
  if (run.end !== null) return run.end.value;
  return run.firstAt === null ? null : "running";
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
  const message = textOf(metadata["message"]);
  const byCount = current !== null && total !== null && total > 0 ? current / total : null;
  const ratio = percent === null ? byCount : percent / 100;
  if (ratio === null && current === null && message === null) return null;
  return {
    ratio: ratio === null ? null : Math.min(1, Math.max(0, ratio)),
    current,
    total,
    message,
  };
}

function metricsWith(known: RunState["metrics"], { at, metrics }: RunEvent): RunState["metrics"] {
  if (!hasAny(metrics)) return known;
  const all = new Map(Object.entries(known));
  for (const [name, value] of Object.entries(metrics)) {
    const latest = newest(all.get(name) ?? null, { at, value });
    if (latest !== null) all.set(name, latest);
  }
  const sorted = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, mostRunMetrics));
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
  if (value === "failed") return "2";
  return value === "canceled" ? "1" : JSON.stringify(value);
}
