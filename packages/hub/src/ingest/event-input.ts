/**
 * Reads one event of a run, in the normalised form (`JobEventSchema` of the contract), and tolerantly where clients of the
 * Monitoring Component differ a little: what is optional may be missing or null, `[]` stands for no metrics, times may
 * have any number of fraction digits, an offset or none (then UTC), or be Unix seconds, and an id may be a number. What
 * would make the event mean something else is refused, with where and why.
 */
import {
  bad,
  describe,
  jobEventKinds,
  ok,
  type JobEventKind,
  type Parsed,
  type Problem,
  type RunStatus,
} from "@belfry/contract";
import type { RunEvent, RunTrace } from "../model/run.ts";

/** Largest event, in characters of its JSON: no event of the SDK is longer. */
export const longestEvent = 128 * 1024;
/** Levels of objects and lists within an event. */
export const deepestEvent = 32;
/** A client's clock may be ahead by so much, in ms: what is later would stay the newest for ever. */
const mostAheadMs = 86_400_000;
/** Metrics of one event. */
const mostMetrics = 200;

type Fields = Readonly<Record<string, unknown>>;

/** Reads an event. `receivedAt` is epoch ms; `sha256` makes the key of an event that has none. */
export function readEvent(
  value: unknown,
  receivedAt: number,
  sha256: (text: string) => string,
): Parsed<RunEvent> {
  const reader = new Reader();
  if (!isFields(value)) return bad({ path: "", message: expected("an object", value) });
  const unfit = unfitOf(value);
  if (unfit !== undefined) return bad(unfit);
  const app = reader.object(value, "app");
  const entity = reader.object(value, "entity");
  const event = reader.object(value, "event");
  const metadata = reader.map(event, "event.metadata");
  const kind = reader.kind(event);
  const runId = reader.required(entity, "entity.id", 200) ?? "";
  const appId = reader.text(app, "app.app_id", 200);
  const parent =
    reader.text(entity, "entity.parent_id", 200) ??
    reader.text(metadata, "event.metadata.parent_job_id", 200);
  const read: Omit<RunEvent, "key"> = {
    siteId: reader.site(value),
    appName: reader.text(app, "app.name", 200) ?? appId ?? "unknown",
    appId,
    appVersion: reader.text(app, "app.version", 100),
    type: reader.text(entity, "entity.type", 64) ?? "job",
    runId,
    parentRunId: parent === runId ? null : parent,
    businessKey: reader.text(entity, "entity.business_key", 400),
    subKey: reader.text(entity, "entity.sub_key", 400),
    kind: kind ?? "event",
    at: reader.time(event, receivedAt),
    status: reader.status(event, kind),
    metrics: reader.metrics(event),
    metadata,
    trace: reader.trace(value),
  };
  const key = reader.text(value, "idempotency_key", 200);
  if (reader.problems.length > 0) return bad(...reader.problems);
  return ok({ ...read, key: key ?? sha256(JSON.stringify(read)) });
}

/** What makes an event impossible to keep, whatever it says. */
function unfitOf(value: unknown): Problem | undefined {
  const found = lookThrough(value, "", deepestEvent);
  if (found !== undefined) return found;
  const { length } = JSON.stringify(value);
  if (length <= longestEvent) return undefined;
  return {
    path: "",
    message: `expected at most ${longestEvent} characters of JSON, found ${length}`,
  };
}

function lookThrough(value: unknown, path: string, levels: number): Problem | undefined {
  if (typeof value === "string") {
    return value.includes("\0")
      ? { path, message: "holds U+0000, which cannot be kept" }
      : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (levels === 0) return { path, message: `is nested deeper than ${deepestEvent} levels` };
  for (const [key, inner] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (key.includes("\0")) return { path, message: "has a key that holds U+0000" };
    const found = lookThrough(inner, at, levels - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

const none: Fields = Object.freeze({});

/** Reads fields by their path, and notes what is wrong. */
class Reader {
  readonly problems: Problem[] = [];

  #refuse(path: string, message: string): void {
    this.problems.push({ path, message });
  }

  /** An object that has to be there. */
  object(from: Fields, path: string): Fields {
    const value = fieldOf(from, path);
    if (isFields(value)) return value;
    this.#refuse(path, expected("an object", value));
    return none;
  }

  /** An object that may be missing. */
  map(from: Fields, path: string): Fields {
    const value = fieldOf(from, path);
    if (isAbsent(value)) return none;
    if (isFields(value)) return value;
    this.#refuse(path, expected("an object", value));
    return none;
  }

  /** Text that may be missing; an empty one is missing. */
  text(from: Fields, path: string, longest: number): string | null {
    const value = fieldOf(from, path);
    if (isAbsent(value) || value === "") return null;
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text === "string" && text.length <= longest && text.isWellFormed()) return text;
    this.#refuse(path, expected(`text of at most ${longest} characters`, value));
    return null;
  }

  required(from: Fields, path: string, longest: number): string | undefined {
    const before = this.problems.length;
    const text = this.text(from, path, longest);
    if (text === null && this.problems.length === before) this.#refuse(path, "is required");
    return text ?? undefined;
  }

  /** May be empty, but not missing. */
  site(value: Fields): string {
    if (value["site_id"] === "") return "";
    return this.required(value, "site_id", 200) ?? "";
  }

  kind(event: Fields): JobEventKind | undefined {
    const value = event["kind"];
    const word = typeof value === "string" ? value.toLowerCase() : value;
    const kind =
      jobEventKinds.find((one) => one === word) ?? (word === "cancelled" ? "canceled" : undefined);
    if (kind === undefined) {
      this.#refuse("event.kind", expected(`one of ${jobEventKinds.join(", ")}`, value));
    }
    return kind;
  }

  /** A word that is no status says nothing, but at the end of a run it has to say how it ended. */
  status(event: Fields, kind: JobEventKind | undefined): RunStatus | null {
    const value = event["status"];
    if (isAbsent(value) || value === "") return null;
    const status = typeof value === "string" ? statusWords.get(value.toLowerCase()) : undefined;
    if (status !== undefined) return status;
    if (kind === "finished") {
      const words = "one of succeeded, failed, canceled";
      this.#refuse("event.status", expected(words, value));
    }
    return null;
  }

  /** Epoch ms. */
  time(event: Fields, receivedAt: number): number {
    const value = event["at"];
    const at = readTime(value);
    if (at === undefined) {
      this.#refuse("event.at", expected("a time in ISO 8601 or Unix seconds", value));
      return 0;
    }
    if (at > receivedAt + mostAheadMs) {
      this.#refuse(
        "event.at",
        `is more than a day ahead of the server's clock: ${describe(value)}`,
      );
    }
    return at;
  }

  metrics(event: Fields): Readonly<Record<string, number>> {
    const entries = Object.entries(this.map(event, "event.metrics"));
    if (entries.length > mostMetrics) {
      this.#refuse("event.metrics", `expected at most ${mostMetrics}, found ${entries.length}`);
    }
    const metrics: [string, number][] = [];
    for (const [name, value] of entries) {
      if (value === null) continue;
      if (name.length > 200) this.#refuse("event.metrics", "has a name of over 200 characters");
      else if (typeof value === "number" && Number.isFinite(value)) metrics.push([name, value]);
      else this.#refuse(`event.metrics.${name}`, expected("a number", value));
    }
    return Object.fromEntries(metrics);
  }

  /** A trace that is none is left out: it is not worth an event. */
  trace(value: Fields): RunTrace | null {
    const trace = value["trace"];
    if (!isFields(trace)) return null;
    const { trace_id: traceId, span_id: spanId } = trace;
    const fits =
      typeof traceId === "string" &&
      typeof spanId === "string" &&
      /^[0-9a-f]{32}$/.test(traceId) &&
      /^[0-9a-f]{16}$/.test(spanId);
    return fits ? { traceId, spanId } : null;
  }
}

const statusWords: ReadonlyMap<string, RunStatus> = new Map([
  ["running", "running"],
  ["started", "running"],
  ["in_progress", "running"],
  ["succeeded", "succeeded"],
  ["success", "succeeded"],
  ["completed", "succeeded"],
  ["failed", "failed"],
  ["failure", "failed"],
  ["error", "failed"],
  ["canceled", "canceled"],
  ["cancelled", "canceled"],
]);

const isoTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?(Z|[+-]\d\d:?\d\d)?$/i;

function readTime(value: unknown): number | undefined {
  if (typeof value === "number") return inTime(value * 1000);
  if (typeof value !== "string") return undefined;
  if (/^\d{1,12}(\.\d+)?$/.test(value)) return inTime(Number(value) * 1000);
  const parts = isoTime.exec(value);
  if (parts === null) return undefined;
  const [, date, clock = "", fraction = "", zone = "Z"] = parts;
  const seconds = clock.length === 5 ? `${clock}:00` : clock;
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  return inTime(Date.parse(`${date}T${seconds}.${milliseconds}${offset.toUpperCase()}`));
}

/** Whole ms after 1970. */
function inTime(ms: number): number | undefined {
  return ms >= 0 && ms <= 8.64e15 ? Math.floor(ms) : undefined;
}

function fieldOf(from: Fields, path: string): unknown {
  const name = path.slice(path.lastIndexOf(".") + 1);
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

/** Some clients send `[]` for an empty object. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function expected(what: string, value: unknown): string {
  return value === undefined ? "is required" : `expected ${what}, found ${describe(value)}`;
}
