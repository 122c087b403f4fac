/** Settings of the hub's outputs: an entry names a sink's `type`; its other keys are the sink's own settings. */
import { bad, createParser, describe, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type TSchema } from "typebox";
import type { EventSinkKind } from "../event-sink.ts";
import type { SinkRecordKind } from "../sink-record.ts";
import { eventSinkKinds } from "../sinks/sink-kinds.ts";

/** One output, ready to be opened. */
export interface OutputSettings {
  readonly name: string;
  readonly kind: EventSinkKind;
  /** As its kind parsed them. */
  readonly settings: object;
  /** What it is given; the rest passes it by. */
  readonly records: readonly SinkRecordKind[];
}

/** What console and file are given where nothing is said: lines about checks, as Amaunator writes them. */
const linesOfChecks = new Set(["console", "file"]);

const commonKeys = {
  name: Type.Optional(
    Type.String({
      title: "Name",
      pattern: "^[^\\u0000-\\u001f\\u007f]{1,60}$",
      expected: "1 to 60 characters",
      description:
        "Names it in the log, in metrics and on its page; its type where nothing is said",
    }),
  ),
  records: Type.Optional(
    Type.Array(Type.Enum(["check", "status", "host", "job_event"]), {
      title: "Records",
      minItems: 1,
      description:
        "What it is given: results of checks, changes of a status, figures of hosts, events of jobs. " +
        "Where nothing is said, all it has a place for; console and file, checks alone",
    }),
  ),
};

const parseCommon = createParser(Type.Object(commonKeys, { additionalProperties: false }));

/** Schemas of an output, one for each kind, as they are written in a file. */
export function outputSchemas(): readonly TSchema[] {
  return [...eventSinkKinds].map(([type, kind]) => {
    return Type.Object(
      { type: Type.Literal(type), ...propertiesOf(kind), ...commonKeys },
      { additionalProperties: false, title: kind.title },
    );
  });
}

/** Guarantee: settings of every kind are an object's. */
function propertiesOf({ schema }: EventSinkKind): Readonly<Record<string, TSchema>> {
  return (schema as unknown as { properties: Record<string, TSchema> }).properties;
}

function choiceOf(
  common: Parsed<{ readonly records?: readonly SinkRecordKind[] }>,
  { type, takes }: EventSinkKind,
): readonly SinkRecordKind[] {
  const said = common.kind === "ok" ? common.value.records : undefined;
  return said ?? (linesOfChecks.has(type) ? ["check"] : takes);
}

/** Reads an entry; `at` is put before the path of every problem. */
export function parseOutput(value: unknown, at = ""): Parsed<OutputSettings> {
  const under = (key: string): string => (at === "" ? key : `${at}.${key}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return bad({ path: at, message: `expected an output with a type, found ${describe(value)}` });
  }
  const { type, name, records, ...rest } = value as Readonly<Record<string, unknown>>;
  const kind = typeof type === "string" ? eventSinkKinds.get(type) : undefined;
  if (typeof type !== "string" || kind === undefined) {
    const known = [...eventSinkKinds.keys()].join(", ");
    const message = `expected one of ${known}, found ${describe(type)}`;
    return bad({ path: under("type"), message });
  }
  const common = parseCommon(
    Object.fromEntries(
      Object.entries({ name, records }).filter(([, one]) => one !== undefined && one !== null),
    ),
    at,
  );
  const chosen = choiceOf(common, kind);
  // Sinks of lines choose for themselves as well.
  const own = "records" in propertiesOf(kind) ? { ...rest, records: chosen } : rest;
  const settings = kind.parseSettings(own, at);
  const problems: Problem[] = [];
  for (const part of [common, settings]) if (part.kind === "bad") problems.push(...part.problems);
  if (common.kind === "bad" || settings.kind === "bad") return bad(...problems);
  for (const record of chosen) {
    if (kind.takes.includes(record)) continue;
    const message = `expected records that ${type} has a place for (${kind.takes.join(", ")}), found ${record}`;
    return bad({ path: under("records"), message });
  }
  return ok({ name: common.value.name ?? type, kind, settings: settings.value, records: chosen });
}
