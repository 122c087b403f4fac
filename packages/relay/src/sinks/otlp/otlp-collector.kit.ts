/**
 * A fake of an OpenTelemetry collector for tests, built after the published protocol (opentelemetry-proto 1.9, OTLP/HTTP with
 * JSON). Real receivers ignore fields they do not know; this one takes known fields only, lowerCamelCase, ids in hexadecimal
 * digits of the right length, 64-bit integers as text, enumerations as integers, no attribute twice, and 20 MiB at most. Any
 * offence is answered with 400 and a `Status`.
 */
import { gunzipSync } from "node:zlib";
import {
  startStrictServer,
  type GivenAnswer,
  type StrictServer,
  type TakenRequest,
} from "../http/strict-server.kit.ts";

/** A span, point or log record as it came, with its resource and, of a point, the name and unit of its metric. */
export interface TakenItem {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly name?: string;
  readonly unit?: string;
  readonly item: Readonly<Record<string, unknown>>;
}

export interface Collector extends StrictServer {
  readonly logs: readonly TakenItem[];
  readonly metrics: readonly TakenItem[];
  readonly traces: readonly TakenItem[];
  /** Requests that hold a log record with this `log.record.uid` are refused with 400. */
  refuse(uid: string): void;
  /** The next answers of a signal, before it works again. */
  answer(signal: SignalName, ...answers: readonly GivenAnswer[]): void;
}

type SignalName = "logs" | "metrics" | "traces";

/** The header `x-api-key` it asks for. */
export const collectorKey = "a-key-that-is-right";

const largest = 20 * 1024 * 1024;

/** Starts it on a free port of loopback. */
export async function startCollector(): Promise<Collector> {
  const taken = { logs: [] as TakenItem[], metrics: [] as TakenItem[], traces: [] as TakenItem[] };
  const refused = new Set<string>();
  const given: Record<SignalName, GivenAnswer[]> = { logs: [], metrics: [], traces: [] };
  const server = await startStrictServer((request) => {
    const signal = /^\/(?:base\/)?v1\/(logs|metrics|traces)$/.exec(request.path)?.[1] as
      | SignalName
      | undefined;
    if (signal === undefined) return { status: 404, body: "404 page not found" };
    if (request.headers["x-api-key"] !== collectorKey) {
      return { status: 401, body: `no: ${String(request.headers["x-api-key"])}` };
    }
    const own = given[signal].shift();
    if (own !== undefined) return own;
    try {
      const items = readRequest(signal, request);
      const bad = items.find(({ attributes }) => refused.has(String(attributes["log.record.uid"])));
      if (bad !== undefined) throw new Error("no place for it");
      taken[signal].push(...items);
      return { status: 200, headers: { "content-type": "application/json" }, body: "{}" };
    } catch (error) {
      if (error instanceof TooLarge) return { status: 413, body: "" };
      const message = error instanceof Error ? error.message : String(error);
      return {
        status: 400,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code: 3, message }),
      };
    }
  });
  return {
    ...server,
    ...taken,
    refuse: (uid) => void refused.add(uid),
    answer: (signal, ...answers) => void given[signal].push(...answers),
  };
}

class TooLarge extends Error {}

type Check = (value: unknown, at: string) => void;

function must(holds: boolean, at: string, expected: string): void {
  if (!holds) throw new Error(`${at}: expected ${expected}`);
}

const text: Check = (value, at) =>
  must(typeof value === "string" && value.isWellFormed(), at, "text");
const filled: Check = (value, at) => must(typeof value === "string" && value !== "", at, "text");
const flag: Check = (value, at) => must(typeof value === "boolean", at, "true or false");
const double: Check = (value, at) => must(Number.isFinite(value), at, "a number");
const unsigned: Check = (value, at) =>
  must(
    typeof value === "string" && /^(0|[1-9]\d{0,19})$/.test(value) && BigInt(value) < 2n ** 64n,
    at,
    "64 bits as text",
  );
const signed: Check = (value, at) =>
  must(typeof value === "string" && /^-?\d{1,19}$/.test(value), at, "64 bits as text");
const digits =
  (count: number): Check =>
  (value, at) =>
    must(
      typeof value === "string" &&
        value.length === count &&
        /^[0-9a-f]+$/.test(value) &&
        !/^0+$/.test(value),
      at,
      `${count} hexadecimal digits, not all 0`,
    );
const oneOf =
  (...allowed: readonly number[]): Check =>
  (value, at) =>
    must(typeof value === "number" && allowed.includes(value), at, `one of ${allowed.join(", ")}`);
const listOf =
  (check: Check): Check =>
  (value, at) => {
    must(Array.isArray(value), at, "a list");
    for (const [i, one] of (value as unknown[]).entries()) check(one, `${at}[${i}]`);
  };

function message(fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, at) => {
    must(typeof value === "object" && value !== null && !Array.isArray(value), at, "an object");
    const entries = Object.entries(value as object);
    for (const [key, one] of entries) {
      const check = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (check === undefined) throw new Error(`${at}.${key}: is not a known field`);
      check(one, `${at}.${key}`);
    }
    for (const key of required) must(Object.hasOwn(value as object, key), `${at}.${key}`, "it");
  };
}

const anyValue: Check = (value, at) => {
  message({ stringValue: text, boolValue: flag, intValue: signed, doubleValue: double })(value, at);
  must(Object.keys(value as object).length === 1, at, "exactly one value");
};

const attributes: Check = (value, at) => {
  listOf(message({ key: filled, value: anyValue }, ["key", "value"]))(value, at);
  const keys = (value as { key: string }[]).map(({ key }) => key);
  must(new Set(keys).size === keys.length, at, "no attribute twice");
  must(keys.length <= 128, at, "128 attributes at most");
};

const resource = message({ attributes });
const scope = message({ name: text, version: text });
const traceId = digits(32);
const spanId = digits(16);

const logRecord = message(
  {
    timeUnixNano: unsigned,
    observedTimeUnixNano: unsigned,
    severityNumber: oneOf(...Array.from({ length: 24 }, (_, i) => i + 1)),
    severityText: text,
    eventName: text,
    body: anyValue,
    attributes,
    traceId,
    spanId,
  },
  ["timeUnixNano", "body"],
);

const spanFields = message(
  {
    traceId,
    spanId,
    parentSpanId: spanId,
    name: filled,
    kind: oneOf(1, 2, 3, 4, 5),
    startTimeUnixNano: unsigned,
    endTimeUnixNano: unsigned,
    attributes,
    events: listOf(message({ timeUnixNano: unsigned, name: filled, attributes })),
    status: message({ code: oneOf(1, 2), message: text }),
  },
  ["traceId", "spanId", "name", "startTimeUnixNano", "endTimeUnixNano"],
);

const span: Check = (value, at) => {
  spanFields(value, at);
  const { startTimeUnixNano: start, endTimeUnixNano: end } = value as Record<string, string>;
  must(BigInt(start ?? 0) <= BigInt(end ?? 0), at, "an end that is not before its start");
};

const metric = message(
  {
    name: (value, at) =>
      must(
        typeof value === "string" && /^[A-Za-z][A-Za-z0-9_./-]{0,254}$/.test(value),
        at,
        "the name of an instrument",
      ),
    unit: text,
    gauge: message(
      {
        dataPoints: listOf(
          message({ attributes, timeUnixNano: unsigned, asDouble: double }, [
            "timeUnixNano",
            "asDouble",
          ]),
        ),
      },
      ["dataPoints"],
    ),
  },
  ["name", "gauge"],
);

const forms = {
  logs: nest("resourceLogs", "scopeLogs", "logRecords", logRecord),
  metrics: nest("resourceMetrics", "scopeMetrics", "metrics", metric),
  traces: nest("resourceSpans", "scopeSpans", "spans", span),
};

function nest(outer: string, middle: string, inner: string, item: Check) {
  const scoped = message({ scope, [inner]: listOf(item) }, ["scope", inner]);
  const resources = message({ resource, [middle]: listOf(scoped) }, ["resource", middle]);
  return { check: message({ [outer]: listOf(resources) }, [outer]), outer, middle, inner };
}

type Plain = Readonly<Record<string, unknown>>;

function readRequest(signal: SignalName, { headers, body }: TakenRequest): readonly TakenItem[] {
  must(headers["content-type"] === "application/json", "content-type", "application/json");
  const packing = headers["content-encoding"];
  must(packing === undefined || packing === "gzip", "content-encoding", "gzip");
  if (body.length > largest) throw new TooLarge();
  const bytes = packing === "gzip" ? gunzipSync(body) : body;
  if (bytes.length > largest) throw new TooLarge();
  const request = JSON.parse(bytes.toString()) as Plain;
  const { check, outer, middle, inner } = forms[signal];
  check(request, "request");
  return listIn(request, outer).flatMap((group) =>
    listIn(group, middle).flatMap((scoped) =>
      listIn(scoped, inner).flatMap((item) =>
        itemsOf(item).map((one) => ({
          ...one,
          resource: plainOf((group["resource"] as Plain)["attributes"]),
        })),
      ),
    ),
  );
}

/** Guarantee: the form was checked before. */
function listIn(value: Plain, key: string): readonly Plain[] {
  return value[key] as readonly Plain[];
}

function itemsOf(item: Plain): Omit<TakenItem, "resource">[] {
  if (item["gauge"] === undefined) return [{ attributes: plainOf(item["attributes"]), item }];
  const name = String(item["name"]);
  const { unit = "" } = item as { readonly unit?: string };
  return listIn(item["gauge"] as Plain, "dataPoints").map((point) => ({
    attributes: plainOf(point["attributes"]),
    name,
    unit,
    item: point,
  }));
}

/** Attributes as a plain object. */
function plainOf(list: unknown): Record<string, unknown> {
  const pairs = (list ?? []) as readonly { key: string; value: Plain }[];
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));
}
