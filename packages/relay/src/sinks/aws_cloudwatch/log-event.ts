/** Records as log events of CloudWatch Logs: one line of JSON, in the form of the Monitoring Component. */
import type { JobEvent } from "@belfry/contract";
import type { SinkRecord, StatusRecord } from "../../sink-record.ts";
import type { Surroundings } from "./metrics.ts";

/** CloudWatch Logs counts so much for each event beside its message. */
export const bytesPerLogEvent = 26;
/** No limit is lower: names and ids alone, however they are written, are shorter. */
export const leastMessageBytes = 16_384;
/** Of one request, and of the largest event in it. */
export const largestRequestBytes = 1_048_576;
export const largestMessageBytes = largestRequestBytes - bytesPerLogEvent;

/** The message of a record; undefined for records that are metrics only. At most `maxBytes` of UTF-8, from 16,384. */
export function logMessage(
  record: SinkRecord,
  surroundings: Surroundings,
  maxBytes: number,
): string | undefined {
  switch (record.kind) {
    case "job_event":
      return withinBytes(jobMessage(record.event, surroundings), maxBytes);
    case "status":
      return withinBytes(statusMessage(record, surroundings), maxBytes);
    case "check":
    case "host":
      return undefined;
  }
}

function jobMessage(record: JobEvent, surroundings: Surroundings): Message {
  const { app, entity, event, trace } = record;
  return {
    timestamp: event.at,
    level: levelOf(event),
    idempotency_key: record.idempotency_key,
    site_id: record.site_id,
    app,
    entity_type: entity.type,
    entity_id: entity.id,
    parent_id: entity.parent_id,
    business_key: entity.business_key,
    sub_key: entity.sub_key,
    event_kind: event.kind,
    status: event.status,
    ...(trace === undefined ? {} : { trace_id: trace.trace_id }),
    compute_platform: surroundings.platform,
    instance_id: surroundings.instance ?? null,
    metrics: event.metrics,
    metadata: event.metadata,
  };
}

function statusMessage(record: StatusRecord, surroundings: Surroundings): Message {
  const { subject, from, to, reason } = record;
  return {
    timestamp: record.at,
    level: to === "down" ? "ERROR" : to === "degraded" || to === "unknown" ? "WARN" : "INFO",
    id: record.id,
    kind: "status",
    subject: { kind: subject.kind, id: subject.id, name: subject.name },
    from,
    to,
    reason,
    compute_platform: surroundings.platform,
    instance_id: surroundings.instance ?? null,
    metadata: subject.labels,
  };
}

/** What may be long comes last, and is left out first. */
interface Message {
  readonly timestamp: string;
  readonly level: "DEBUG" | "INFO" | "WARN" | "ERROR";
  readonly metrics?: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

const ownLevels = { debug: "DEBUG", info: "INFO", warn: "WARN", error: "ERROR" } as const;

/** A line of a run's log has its own level; a run that failed or was canceled is an error, as in the Monitoring Component. */
function levelOf({ kind, status, metadata }: JobEvent["event"]): Message["level"] {
  const own = metadata["level"];
  if (kind === "event" && typeof own === "string" && Object.hasOwn(ownLevels, own)) {
    return ownLevels[own as keyof typeof ownLevels];
  }
  return kind === "error" || status === "failed" || status === "canceled" ? "ERROR" : "INFO";
}

function withinBytes(message: Message, maxBytes: number): string {
  const whole = JSON.stringify(message);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const bytes = Buffer.byteLength(JSON.stringify(message.metadata));
  const note = { belfry_left_out: `${bytes} bytes of metadata` };
  const short = JSON.stringify({ ...message, metadata: note });
  if (Buffer.byteLength(short) <= maxBytes) return short;
  return JSON.stringify({ ...message, metrics: {}, metadata: note });
}
