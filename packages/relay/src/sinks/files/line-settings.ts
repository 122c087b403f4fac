/** Settings that the sinks of lines share: `format`, `line` and `records`. */
import { bad, ok, type Parsed } from "@belfry/contract";
import { Type } from "typebox";
import { defaultFormat, parseFormat } from "../../format.ts";
import type { SinkRecord, SinkRecordKind } from "../../sink-record.ts";
import { createTextLine, jsonLine, type LineMaker } from "./line.ts";

/** Every kind of record. */
export const allRecordKinds = [
  "job_event",
  "check",
  "status",
  "host",
] as const satisfies readonly SinkRecordKind[];

/** As they are written. */
export const lineSettings = {
  format: Type.String({
    title: "Format",
    default: "text",
    minLength: 1,
    maxLength: 2000,
    description:
      "text or json; anything with a placeholder is text, and the `line` of checks (as Amaunator has it)",
  }),
  line: Type.String({
    title: "Line of a check",
    default: defaultFormat,
    maxLength: 2000,
    description:
      "In text. Placeholders: {timestamp}, {target_name}, {target_id}, {value}, {time}, {kind}, {target}, {result}, " +
      "{reason}, {status}, {latency_ms}, {location}; `{{` and `}}` are braces",
  }),
  records: Type.Array(Type.Enum([...allRecordKinds]), {
    title: "Records",
    default: ["job_event", "check"],
    minItems: 1,
    uniqueItems: true,
    description: "Kinds of records that are written; the others are passed by",
  }),
};

interface LineSettings {
  readonly format: string;
  readonly line: string;
  readonly records: readonly SinkRecordKind[];
}

/** Makes lines as the settings say, or names what is wrong with them. An empty line: the record is passed by. */
export function parseLineSettings(settings: LineSettings, at: string): Parsed<LineMaker> {
  const { format, line, records } = settings;
  const under = (key: string): string => (at === "" ? key : `${at}.${key}`);
  const chosen = new Set(records);
  const choose = (make: LineMaker): LineMaker => {
    return (record: SinkRecord) => (chosen.has(record.kind) ? make(record) : "");
  };
  if (format === "json") return ok(choose(jsonLine));
  if (format === "text") {
    const check = parseFormat(line, under("line"));
    return check.kind === "bad" ? bad(...check.problems) : ok(choose(createTextLine(check.value)));
  }
  if (!/[{}]/.test(format)) {
    return bad({
      path: under("format"),
      message: `expected text, json or a line with placeholders, found ${JSON.stringify(format)}`,
    });
  }
  const check = parseFormat(format, under("format"));
  return check.kind === "bad" ? bad(...check.problems) : ok(choose(createTextLine(check.value)));
}
