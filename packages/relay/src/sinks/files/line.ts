/**
 * A record as one line of text or JSON, for the sinks `console` and `file`. No line ever holds a line end or a control
 * character: in text they become spaces, in JSON they are escaped.
 *
 * Text, by kind of record:
 *
 * | record    | line                                                                                             |
 * | --------- | ------------------------------------------------------------------------------------------------ |
 * | job_event | `2026-01-02T03:04:05.678Z - etl daily-batch run-1 - finished succeeded duration_s=1.5 error="…"`   |
 * | check     | as the setting `line` says; `2026-01-02 03:04:05 - api - 12`                                      |
 * | status    | `2026-01-02T03:04:05.678Z - monitor api - up → down (timeout)`                                    |
 * | host      | `2026-01-02T03:04:05.678Z - host web-1 - cpu_ratio=0.25 …`                                        |
 */
import type { JobEvent } from "@belfry/contract";
import type { Format } from "../../format.ts";
import type { SinkRecord } from "../../sink-record.ts";

/** Makes the line of a record, with its line end. */
export type LineMaker = (record: SinkRecord) => string;

/** Lines of JSON: a job's event as it is, every other record with its `kind`. */
export function jsonLine(record: SinkRecord): string {
  const body = record.kind === "job_event" ? record.event : record;
  return `${JSON.stringify(body).replace(strays, escaped)}\n`;
}

/** Lines of text; `check` makes those of checks. */
export function createTextLine(check: Format): LineMaker {
  return (record) => `${textOf(record, check)}\n`;
}

function textOf(record: SinkRecord, check: Format): string {
  switch (record.kind) {
    case "check":
      return check(record);
    case "job_event":
      return joined(record.at, nameOfRun(record.event), tellEvent(record.event));
    case "status": {
      const { subject, from, to, reason } = record;
      const why = reason === null ? "" : ` (${reason})`;
      return joined(record.at, `${subject.kind} ${subject.name}`, `${from} → ${to}${why}`);
    }
    case "host":
      return joined(record.at, `host ${record.host.name}`, pairs(record.figures));
  }
}

function joined(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(controls, " ")).join(" - ");
}

function nameOfRun({ app, entity }: JobEvent): string {
  const names = [app.name, entity.business_key, entity.sub_key, entity.id];
  return names.filter((name) => name !== null && name !== "").join(" ");
}

function tellEvent({ event }: JobEvent): string {
  const { kind, status, metrics, metadata } = event;
  const said = ["level", "message", "error_type", "error"].flatMap((key) => {
    const value = metadata[key];
    return typeof value === "string" ? `${key}=${JSON.stringify(value)}` : [];
  });
  return [kind, status ?? "", pairs(metrics), ...said].filter((part) => part !== "").join(" ");
}

function pairs(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** What JSON leaves as it is, and a terminal or a reader of lines may take for more than text. */
const strays = /[\u007f-\u009f\u2028\u2029]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
