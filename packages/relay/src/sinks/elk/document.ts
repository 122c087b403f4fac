/**
 * Records as documents: fields of the Elastic Common Schema, and beside them the Monitoring Component's own, so that
 * dashboards made for it go on. `event.dataset` tells the kinds apart. What has no field in either is below `belfry` and
 * `metrics`.
 */
import type {
  CheckRecord,
  HostRecord,
  JobRecord,
  SinkRecord,
  StatusRecord,
} from "../../sink-record.ts";
import { endOf, textOf } from "../run-end.ts";

/** Version of the Elastic Common Schema whose names are used. */
const ecs = { version: "8.17.0" } as const;

/** Flattened fields hold twenty levels; what is deeper is kept as JSON text. */
const mostLevels = 18;

/** The document of a record; `at` is its time as an ISO text. */
export function documentOf(record: SinkRecord, at: string): Readonly<Record<string, unknown>> {
  switch (record.kind) {
    case "job_event":
      return jobDocument(record, at);
    case "check":
      return checkDocument(record, at);
    case "status":
      return statusDocument(record, at);
    case "host":
      return hostDocument(record, at);
  }
}

/** What a kind of event begins or ends, as `event.type` says it. */
const types = {
  started: "start",
  finished: "end",
  error: "end",
  canceled: "end",
  progress: "info",
  metric: "info",
  event: "info",
  heartbeat: "info",
} as const satisfies Record<JobRecord["event"]["event"]["kind"], string>;

const outcomes = { succeeded: "success", failed: "failure", canceled: "unknown" } as const;

function jobDocument({ id, event: sent }: JobRecord, at: string): Record<string, unknown> {
  const { app, entity, event, trace } = sent;
  const { duration_s, cpu_user_s, cpu_system_s, mem_max_mb, ...metrics } = event.metrics;
  const type = types[event.kind];
  const seconds = type === "end" ? duration_s : undefined;
  const end = endOf(event);
  return {
    "@timestamp": at,
    ecs,
    event: {
      id,
      kind: event.kind === "metric" || event.kind === "heartbeat" ? "metric" : "event",
      category: ["process"],
      type: [type],
      action: event.kind,
      outcome: end === null ? "unknown" : outcomes[end],
      module: "belfry",
      dataset: "belfry.job",
      ...(type === "end" ? { end: at } : {}),
      ...(type === "start" ? { start: at } : {}),
      ...(seconds === undefined ? {} : timesOf(at, seconds)),
      ...(sent.received_at === undefined ? {} : { created: sent.received_at }),
    },
    service: { name: app.name, version: app.version },
    ...(trace === undefined ? {} : { trace: { id: trace.trace_id }, span: { id: trace.span_id } }),
    ...errorOf(event.metadata),
    ...logOf(event),
    labels: { site_id: sent.site_id, app_name: app.name, entity_type: entity.type },
    timestamp: at,
    idempotency_key: sent.idempotency_key,
    site_id: sent.site_id,
    app_name: app.name,
    app_version: app.version,
    app_id: app.app_id,
    entity_type: entity.type,
    entity_id: entity.id,
    parent_id: entity.parent_id,
    business_key: entity.business_key,
    sub_key: entity.sub_key,
    event_kind: event.kind,
    status: event.status,
    duration_s: duration_s ?? null,
    cpu_user_s: cpu_user_s ?? null,
    cpu_system_s: cpu_system_s ?? null,
    mem_max_mb: mem_max_mb ?? null,
    metrics: plainNames(metrics),
    metadata: shallow(event.metadata),
  };
}

/** `event.duration` is in nanoseconds. A run that says it lasted for ever, or less than nothing, has no start. */
function timesOf(at: string, seconds: number): object {
  const start = new Date(Date.parse(at) - seconds * 1000);
  if (seconds < 0 || Number.isNaN(start.getTime()) || start.getTime() < 0) return {};
  return { duration: Math.round(seconds * 1e9), start: start.toISOString() };
}

/** What the SDKs say of an error, in the fields of ECS. */
function errorOf(metadata: Readonly<Record<string, unknown>>): object {
  const error = {
    message: textOf(metadata, "error"),
    type: textOf(metadata, "error_type"),
    stack_trace: textOf(metadata, "error_stack"),
  };
  const message = textOf(metadata, "message") ?? error.message;
  const hasError = Object.values(error).some((value) => value !== undefined);
  return {
    ...(message === undefined ? {} : { message }),
    ...(hasError ? { error } : {}),
  };
}

/** A line of a run's log has a level. */
function logOf({ kind, metadata }: JobRecord["event"]["event"]): object {
  const level = kind === "event" ? textOf(metadata, "level") : undefined;
  return level === undefined ? {} : { log: { level } };
}

function checkDocument(record: CheckRecord, at: string): Record<string, unknown> {
  const { id, monitor, result, latency_ms } = record;
  return {
    "@timestamp": at,
    ecs,
    event: {
      id,
      kind: "event",
      action: "check",
      outcome: { up: "success", down: "failure", unknown: "unknown" }[result],
      module: "belfry",
      dataset: "belfry.check",
      ...(latency_ms === null ? {} : { duration: Math.round(latency_ms * 1e6) }),
    },
    observer: { name: record.location },
    labels: monitor.labels,
    timestamp: at,
    status: record.status,
    belfry: {
      monitor: { id: monitor.id, name: monitor.name, kind: monitor.kind, target: monitor.target },
      result,
      reason: record.reason,
      latency_ms,
      value: record.value,
    },
  };
}

function statusDocument(record: StatusRecord, at: string): Record<string, unknown> {
  const { id, subject, from, to } = record;
  const { labels, kind, ...named } = subject;
  return {
    "@timestamp": at,
    ecs,
    event: {
      id,
      kind: "state",
      action: "status-changed",
      module: "belfry",
      dataset: "belfry.status",
    },
    ...(kind === "host" ? { host: named } : {}),
    labels,
    timestamp: at,
    status: to,
    belfry: { [kind]: named, from, to, reason: record.reason },
  };
}

function hostDocument({ id, host, figures }: HostRecord, at: string): Record<string, unknown> {
  const { cpu_ratio: cpu } = figures;
  return {
    "@timestamp": at,
    ecs,
    event: { id, kind: "metric", module: "belfry", dataset: "belfry.host" },
    host: {
      id: host.id,
      name: host.name,
      ...(cpu === undefined ? {} : { cpu: { usage: cpu } }),
    },
    labels: host.labels,
    timestamp: at,
    metrics: figures,
  };
}

/** A dot in a name would make an object of it, and a name of nothing is refused. */
function plainNames(metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name.replaceAll(".", "_").trim() || "_",
      value,
    ]),
  );
}

/** A copy with what is too deep as text. */
function shallow(value: unknown, level = 1): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (level > mostLevels) return JSON.stringify(value);
  if (Array.isArray(value)) return value.map((item) => shallow(item, level + 1));
  return Object.fromEntries(
    // A flattened field holds no NUL in its keys.
    Object.entries(value).map(([key, item]) => [
      key.replaceAll("\0", ""),
      shallow(item, level + 1),
    ]),
  );
}
