/** What comes from a job made fit for the wire. Nothing here throws. */
import type { EntityFields, JobEvent, Metadata } from "./event.ts";

/** As text of at most `max` characters that every store can keep: no U+0000, no half of a surrogate pair. */
export function textOf(value: unknown, max: number): string {
  let text: string;
  try {
    text = typeof value === "string" ? value : String(value);
  } catch {
    return "(unprintable)";
  }
  if (text.length > max) text = text.slice(0, max);
  return (text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text).toWellFormed();
}

/** As `textOf`; null for nothing. */
export function optionalText(value: unknown, max: number): string | null {
  return value === undefined || value === null ? null : textOf(value, max);
}

/** An error as metadata: `error` and `error_type` as the Python SDK has them, and the stack. */
export function errorMetadata(thrown: unknown): Metadata {
  try {
    if (!(thrown instanceof Error)) {
      return { error: textOf(thrown, 4_000), error_type: typeof thrown };
    }
    return {
      error: textOf(thrown.message, 4_000),
      error_type: textOf(thrown.name, 200),
      error_stack: textOf(thrown.stack ?? "", 8_000),
      ...(thrown.cause === undefined ? {} : { error_cause: textOf(thrown.cause, 4_000) }),
    };
  } catch {
    // An error whose own getters throw.
    return { error: "(unprintable)", error_type: "unknown" };
  }
}

/** No event is longer on the wire, in characters. */
export const maxLineLength = 128 * 1024;

/** One line of JSON. Metadata that has no JSON form (a cycle, a BigInt) or is too long gives way to a note that says so. */
export function lineOf(event: JobEvent): string {
  let why = "is longer than 128 KiB";
  try {
    const line = wellFormed(written(event));
    if (line.length <= maxLineLength) return line;
  } catch (error) {
    why = textOf(error, 200);
  }
  const metadata = { sdk_metadata_left_out: why };
  return wellFormed(JSON.stringify({ ...event, event: { ...event.event, metadata } }));
}

/** What is the same in all events of a run, as JSON; written once per run. */
const heads = new WeakMap<EntityFields, { readonly of: JobEvent; readonly json: string }>();

/** As `JSON.stringify`, at half the price. */
function written(event: JobEvent): string {
  const { entity, site_id, app, trace } = event;
  let head = heads.get(entity);
  if (
    head === undefined ||
    head.of.trace !== trace ||
    head.of.app !== app ||
    head.of.site_id !== site_id
  ) {
    head = { of: event, json: JSON.stringify({ site_id, app, entity, trace }).slice(1, -1) };
    heads.set(entity, head);
  }
  const key = JSON.stringify(event.idempotency_key);
  return `{"idempotency_key":${key},${head.json},"event":${JSON.stringify(event.event)}}`;
}

/** JSON writes U+0000 and halves of surrogate pairs as escapes, which PostgreSQL refuses. */
function wellFormed(line: string): string {
  if (!line.includes("\\u")) return line;
  // An escaped backslash is skipped, so that the text `\u0000`, written out, stays as it is.
  return line.replaceAll(
    /(\\\\)|\\u(?:0000|d[89a-f][0-9a-f]{2})/g,
    (_, escaped?: string) => escaped ?? "\ufffd",
  );
}
