/**
 * A run as a segment document of X-Ray; a subjob as a subsegment of its parent's trace, sent by itself. Field by field:
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
 */
import type { JobEvent } from "@belfry/contract";
import { exceptionIdOf, segmentIdOf } from "./ids.ts";
import { isEnd, type KnownRun } from "./known-runs.ts";
import { framesOf } from "./stack.ts";

/** A document may have 64 kB. */
export const mostBytes = 64_000;
const longestName = 200;
const longestAnnotation = 250;
const longestMessage = 4_000;

export interface SegmentDocument {
  readonly id: string;
  readonly json: string;
}

/** The document of a `started` event (in progress) or of an end. What of metadata is too long is left out, and told. */
export function segmentOf(record: JobEvent, run: KnownRun, serviceName: string): SegmentDocument {
  const id = segmentIdOf(record.entity.id);
  const write = (trim: Trim): string =>
    JSON.stringify({ id, ...bodyOf(record, run, trim), ...placeOf(record, serviceName) });
  const json = trims.map(write).find((text) => Buffer.byteLength(text) <= mostBytes);
  return { id, json: json ?? write("figures") };
}

/** What is left out, step by step. */
const trims = ["nothing", "metadata", "stack", "figures"] as const;
type Trim = (typeof trims)[number];

function bodyOf(record: JobEvent, run: KnownRun, trim: Trim): object {
  const { app, entity, event } = record;
  const at = Date.parse(event.at);
  const failed = event.kind === "error" || event.status === "failed";
  const name = `${app.name}.${entity.type}`;
  return {
    name: plainName(entity.parent_id === null ? name : entity.business_key || name),
    trace_id: run.traceId,
    ...(isEnd(record)
      ? { start_time: Math.min(at, startOf(record, run, at)) / 1000, end_time: at / 1000 }
      : { start_time: at / 1000, in_progress: true }),
    ...(failed ? { fault: true, error: true, cause: causeOf(record, trim) } : {}),
    annotations: annotationsOf(record),
    metadata: { wafer_monitor: metadataOf(record, trim) },
  };
}

/** A root has a service; a subjob has its place in the tree. */
function placeOf({ app, entity }: JobEvent, serviceName: string): object {
  if (entity.parent_id !== null) {
    return { type: "subsegment", parent_id: segmentIdOf(entity.parent_id) };
  }
  const version = app.version === null ? {} : { version: app.version };
  return { service: { name: serviceName, ...version } };
}

function startOf({ event }: JobEvent, { startedAt }: KnownRun, at: number): number {
  if (startedAt !== undefined) return startedAt;
  const seconds = event.metrics["duration_s"] ?? event.metrics["duration_seconds"] ?? 0;
  return Math.round(at - Math.max(0, seconds) * 1000);
}

function annotationsOf({ site_id, app, entity, event }: JobEvent): object {
  const texts = {
    site_id,
    app_name: app.name,
    status: statusOf(event),
    entity_type: entity.type,
    job: entity.business_key,
    run_id: entity.id,
  };
  return Object.fromEntries(
    Object.entries(texts).flatMap(([key, text]) =>
      text === null || text === "" ? [] : [[key, cut(text, longestAnnotation)]],
    ),
  );
}

function statusOf({ kind, status }: JobEvent["event"]): string {
  if (status !== null) return status;
  if (kind === "started") return "running";
  if (kind === "error") return "failed";
  return kind === "canceled" ? "canceled" : "succeeded";
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
    status: statusOf(event),
  };
  if (trim === "figures") return { ...whole, belfry_left_out: "metrics, metadata and stack" };
  const figures = { ...whole, ...event.metrics };
  if (trim === "nothing") return { ...figures, metadata: event.metadata };
  return {
    ...figures,
    belfry_left_out: trim === "metadata" ? "metadata" : "metadata and stack",
  };
}

/** What failed, as the SDKs say it: `error`, `error_type`, `error_stack`, `error_cause` in the metadata. */
function causeOf({ entity, event }: JobEvent, trim: Trim): object {
  const text = (name: string): string | undefined => {
    const value = event.metadata[name];
    return typeof value === "string" && value !== "" ? cut(value, longestMessage) : undefined;
  };
  const id = exceptionIdOf(entity.id, 0);
  const why = text("error_cause");
  const whyId = exceptionIdOf(entity.id, 1);
  const keepsStack = trim === "nothing" || trim === "metadata";
  const stack = keepsStack ? framesOf(event.metadata["error_stack"]) : [];
  const exception = {
    id,
    message: text("error") ?? text("message") ?? "the run failed",
    type: cut(text("error_type") ?? "Error", longestAnnotation),
    ...(stack.length === 0 ? {} : { stack }),
    ...(why === undefined ? {} : { cause: whyId }),
  };
  const exceptions = why === undefined ? [exception] : [exception, { id: whyId, message: why }];
  return { exceptions };
}

/** Names have letters and digits of any script, blanks and some signs. */
function plainName(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N}\s_.:/%&#=+\\@-]/gu, "_").replace(/\s/g, " ");
  return plain.trim() === "" ? "unknown" : cut(plain, longestName);
}

/** Not in the middle of a character. */
function cut(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
}
