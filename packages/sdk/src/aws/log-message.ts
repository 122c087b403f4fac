/** An event as a line of JSON for CloudWatch Logs, the same as the sidecar's sink `aws_cloudwatch` makes of it. */
import type { JobEvent } from "../event.ts";
import type { Place } from "./metrics.ts";

const ownLevels = new Map<unknown, string>([
  ["debug", "DEBUG"],
  ["info", "INFO"],
  ["warn", "WARN"],
  ["error", "ERROR"],
]);

/** The line. */
export function logMessage(record: JobEvent, place: Place): string {
  const { app, entity, event, trace } = record;
  return JSON.stringify({
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
    trace_id: trace.trace_id,
    compute_platform: place.platform,
    instance_id: place.instance ?? null,
    metrics: event.metrics,
    metadata: event.metadata,
  });
}

function levelOf({ kind, status, metadata }: JobEvent["event"]): string {
  const own = kind === "event" ? ownLevels.get(metadata["level"]) : undefined;
  const isError = kind === "error" || status === "failed" || status === "canceled";
  return own ?? (isError ? "ERROR" : "INFO");
}
