/**
 * Dialects A and B (and the items of C): `app`, `entity` and `event` are objects. B leaves out the key and puts the parent
 * into `event.metadata.parent_job_id`.
 */
import type { EventLimits } from "./content.ts";
import { readMetadata, readMetrics } from "./content.ts";
import type { Draft } from "./draft.ts";
import { isFields, readOptionalText, readText, type Fields, type Problems } from "./field.ts";
import { readTimeText } from "./time.ts";
import { readKind, readStatus } from "./word.ts";

/** Reads one nested event; what is wrong is in `problems`, and then the draft is of no use. */
export function readNested(
  item: Fields,
  problems: Problems,
  limits: EventLimits,
  now: number,
): Draft {
  const app = needFields(problems, "app", item["app"]);
  const entity = needFields(problems, "entity", item["entity"]);
  const event = needFields(problems, "event", item["event"]);
  const metadata = readMetadata(problems, "event.metadata", event["metadata"], limits);
  const hasTime = event["at"] !== undefined && event["at"] !== null;
  const at = hasTime ? readTimeText(problems, "event.at", event["at"]) : undefined;
  const kind = isFields(item["event"])
    ? readKind(problems, "event.kind", event["kind"])
    : undefined;
  const { status, message } = readStatus(problems, "event.status", event["status"], kind);
  const trace = readTrace(problems, item["trace"]);
  return {
    key: readOptionalText(problems, "idempotency_key", item["idempotency_key"], 200),
    isKeyLoose: false,
    hasTime,
    site_id: readText(problems, "site_id", item["site_id"], { min: 0, max: 200 }),
    app: {
      app_id: readOptionalText(problems, "app.app_id", app["app_id"], 200),
      name: readOptionalText(problems, "app.name", app["name"], 200) ?? "",
      version: readOptionalText(problems, "app.version", app["version"], 100),
    },
    entity: {
      type: readOptionalText(problems, "entity.type", entity["type"], 64) ?? "job",
      id: isFields(item["entity"])
        ? readText(problems, "entity.id", entity["id"], { min: 1, max: 200 })
        : "",
      parent_id: parentOf(problems, "entity.parent_id", entity["parent_id"], metadata),
      business_key: readOptionalText(problems, "entity.business_key", entity["business_key"], 400),
      sub_key: readOptionalText(problems, "entity.sub_key", entity["sub_key"], 400),
    },
    event: {
      kind: kind ?? "event",
      at: at ?? new Date(now).toISOString(),
      status,
      metrics: readMetrics(problems, "event.metrics", event["metrics"], limits),
      metadata: withMessage(metadata, message),
    },
    ...(trace === undefined ? {} : { trace }),
  };
}

/** The parent a client names, or names in its metadata. */
export function parentOf(
  problems: Problems,
  path: string,
  value: unknown,
  metadata: Fields,
): string | null {
  const parent = readOptionalText(problems, path, value, 200);
  if (parent !== null) return parent;
  const other = metadata["parent_job_id"];
  if (typeof other !== "string") return null;
  return readOptionalText(problems, "event.metadata.parent_job_id", other, 200);
}

/** Metadata with the message a client sent in place of a status, unless it has one. */
export function withMessage(
  metadata: Record<string, unknown>,
  message: string | undefined,
): Record<string, unknown> {
  return message === undefined || Object.hasOwn(metadata, "message")
    ? metadata
    : { ...metadata, message: message.slice(0, 2_000).toWellFormed().replaceAll("\u0000", "") };
}

function needFields(problems: Problems, path: string, value: unknown): Fields {
  if (isFields(value)) return value;
  problems.expected(path, "an object", value);
  return {};
}

function readTrace(problems: Problems, value: unknown): Draft["trace"] {
  if (value === undefined || value === null) return undefined;
  if (!isFields(value)) {
    problems.expected("trace", "an object", value);
    return undefined;
  }
  const { trace_id, span_id } = value;
  if (typeof trace_id !== "string" || !/^[0-9a-f]{32}$/.test(trace_id)) {
    problems.expected("trace.trace_id", "32 hexadecimal digits in lower case", trace_id);
    return undefined;
  }
  if (typeof span_id !== "string" || !/^[0-9a-f]{16}$/.test(span_id)) {
    problems.expected("trace.span_id", "16 hexadecimal digits in lower case", span_id);
    return undefined;
  }
  return { trace_id, span_id };
}
