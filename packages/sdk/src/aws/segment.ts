/**
 * A run as a segment document of X-Ray, a subjob as a subsegment: the same, with the same ids, as the sidecar's sink `aws_xray`
 * makes of its events, so that runs that come both ways make one trace.
 */
import { createHash } from "node:crypto";
import type { JobEvent } from "../event.ts";
import { isEnd } from "./metrics.ts";
import { framesOf } from "./stack.ts";

const mostBytes = 64_000;

export interface SegmentDocument {
  readonly id: string;
  readonly json: string;
}

/** Of a `started` event (in progress) or of an end. What of metadata is too long is left out, and told. */
export function segmentOf(record: JobEvent, serviceName: string): SegmentDocument {
  const id = segmentId(record.entity.id);
  const write = (trim: Trim): string =>
    JSON.stringify({ id, ...bodyOf(record, trim), ...placeOf(record, serviceName) });
  const json = trims.map(write).find((text) => Buffer.byteLength(text) <= mostBytes);
  return { id, json: json ?? write("figures") };
}

const trims = ["nothing", "metadata", "stack", "figures"] as const;
type Trim = (typeof trims)[number];

function segmentId(runId: string): string {
  return digest(`segment ${runId}`).slice(0, 16);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function bodyOf(record: JobEvent, trim: Trim): object {
  const { site_id, app, entity, event, trace } = record;
  const at = Date.parse(event.at);
  const name = `${app.name}.${entity.type}`;
  const startAt = Math.round(at - Math.max(0, event.metrics["duration_s"] ?? 0) * 1000);
  const texts = {
    site_id,
    app_name: app.name,
    status: event.status,
    entity_type: entity.type,
    job: entity.business_key,
    run_id: entity.id,
  };
  return {
    name: plainName(entity.parent_id === null ? name : entity.business_key || name),
    trace_id: `1-${trace.trace_id.slice(0, 8)}-${trace.trace_id.slice(8)}`,
    ...(isEnd(record)
      ? { start_time: startAt / 1000, end_time: at / 1000 }
      : { start_time: at / 1000, in_progress: true }),
    ...(event.status === "failed"
      ? { fault: true, error: true, cause: causeOf(record, trim) }
      : {}),
    annotations: Object.fromEntries(
      Object.entries(texts).flatMap(([key, text]) => (text ? [[key, cut(text, 250)]] : [])),
    ),
    metadata: { wafer_monitor: metadataOf(record, trim) },
  };
}

function placeOf({ app, entity }: JobEvent, serviceName: string): object {
  if (entity.parent_id !== null) {
    return { type: "subsegment", parent_id: segmentId(entity.parent_id) };
  }
  const version = app.version === null ? {} : { version: app.version };
  return { service: { name: serviceName, ...version } };
}

function metadataOf(record: JobEvent, trim: Trim): object {
  const { app, entity, event } = record;
  const whole = {
    idempotency_key: record.idempotency_key,
    site_id: record.site_id,
    app_name: app.name,
    app_version: app.version,
    entity_type: entity.type,
    entity_id: entity.id,
    business_key: entity.business_key,
    sub_key: entity.sub_key,
    status: event.status,
  };
  if (trim === "figures") return { ...whole, belfry_left_out: "metrics, metadata and stack" };
  const figures = { ...whole, ...event.metrics };
  if (trim === "nothing") return { ...figures, metadata: event.metadata };
  return { ...figures, belfry_left_out: trim === "metadata" ? "metadata" : "metadata and stack" };
}

function causeOf({ entity, event }: JobEvent, trim: Trim): object {
  const text = (name: string): string | undefined => {
    const value = event.metadata[name];
    return typeof value === "string" && value !== "" ? cut(value, 4_000) : undefined;
  };
  const exceptionId = (n: number): string => digest(`exception ${n} ${entity.id}`).slice(0, 16);
  const why = text("error_cause");
  const keepsStack = trim === "nothing" || trim === "metadata";
  const stack = keepsStack ? framesOf(event.metadata["error_stack"]) : [];
  const exception = {
    id: exceptionId(0),
    message: text("error") ?? text("message") ?? "the run failed",
    type: cut(text("error_type") ?? "Error", 250),
    ...(stack.length === 0 ? {} : { stack }),
    ...(why === undefined ? {} : { cause: exceptionId(1) }),
  };
  return {
    exceptions: why === undefined ? [exception] : [exception, { id: exceptionId(1), message: why }],
  };
}

/** Names have letters and digits of any script, blanks and some signs. */
function plainName(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N}\s_.:/%&#=+\\@-]/gu, "_").replace(/\s/g, " ");
  return plain.trim() === "" ? "unknown" : cut(plain, 200);
}

/** Not in the middle of a character. */
function cut(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
}
