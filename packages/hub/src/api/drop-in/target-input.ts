/**
 * Reads what Amaunator's clients send, as leniently as the original (pydantic 2, not strict) and with its words where
 * it refuses: numeric text and whole floats are integers, unknown keys are ignored.
 */
import { FastApiInvalidError, type FastApiProblem } from "./fast-api.ts";

/** A target as it was asked for. Seconds, floored at 1; the original let 0 spin without a pause. */
export interface TargetInput {
  readonly name: string;
  readonly interval: number;
  readonly timeout: number;
  /** What Belfry adds: a real monitor in place of a made-up one. */
  readonly url: unknown;
  readonly kind: unknown;
  readonly settings: unknown;
}

const longestName = 1_000;
const longestIntervalSeconds = 86_400;
const longestTimeoutSeconds = 600;

/** Reads the body of `POST /targets`; throws `FastApiInvalidError`. */
export function readTarget(contentType: string | undefined, text: string): TargetInput {
  const body = readBody(contentType, text);
  const problems: FastApiProblem[] = [];
  const name = readName(body, problems);
  const interval = readInteger(body, "interval", problems);
  const timeout = readInteger(body, "timeout", problems);
  if (problems.length > 0) throw new FastApiInvalidError(...problems);
  if (interval < timeout) {
    throw new FastApiInvalidError({
      type: "value_error",
      loc: ["body"],
      msg: "Value error, Interval must be equal to or greater than timeout",
      input: body,
      ctx: { error: {} },
    });
  }
  return {
    name,
    interval: within(interval, longestIntervalSeconds),
    timeout: within(timeout, longestTimeoutSeconds),
    url: body["url"],
    kind: body["kind"],
    settings: body["settings"],
  };
}

/**
 * Reads the id in a path into a UUID in lower case; throws `FastApiInvalidError`. With or without hyphens, in braces or
 * as a URN, as the original did.
 */
export function readTargetId(text: string): string {
  const bare = text
    .toLowerCase()
    .replace(/^urn:uuid:/, "")
    .replace(/^\{(.*)\}$/, "$1");
  const hex = bare.replaceAll("-", "");
  const grouped = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(bare);
  if (grouped || /^[0-9a-f]{32}$/.test(bare)) {
    const groups = [
      [0, 8],
      [8, 12],
      [12, 16],
      [16, 20],
      [20, 32],
    ] as const;
    return groups.map(([from, to]) => hex.slice(from, to)).join("-");
  }
  const error = uuidError(bare);
  throw new FastApiInvalidError({
    type: "uuid_parsing",
    loc: ["path", "target_id"],
    msg: `Input should be a valid UUID, ${error}`,
    input: text,
    ctx: { error },
  });
}

function uuidError(text: string): string {
  const at = text.search(/[^0-9a-f-]/);
  if (at !== -1) {
    const found = String.fromCodePoint(text.codePointAt(at) ?? 0);
    return `invalid character: expected an optional prefix of \`urn:uuid:\` followed by [0-9a-fA-F-], found \`${found}\` at ${at + 1}`;
  }
  const groups = text.split("-");
  if (groups.length === 1) {
    return `invalid length: expected length 32 for simple format, found ${text.length}`;
  }
  if (groups.length !== 5) return `invalid group count: expected 5, found ${groups.length}`;
  const lengths = [8, 4, 4, 4, 12];
  const wrong = groups.findIndex((group, i) => group.length !== lengths[i]);
  return `invalid group length in group ${wrong}: expected ${lengths[wrong] ?? 0}, found ${groups[wrong]?.length ?? 0}`;
}

function readBody(contentType: string | undefined, text: string): Record<string, unknown> {
  if (text === "") {
    throw new FastApiInvalidError({
      type: "missing",
      loc: ["body"],
      msg: "Field required",
      input: null,
    });
  }
  const isJson = /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType ?? "");
  const body = isJson ? parseJson(text) : text;
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown>;
  }
  throw new FastApiInvalidError({
    type: "model_attributes_type",
    loc: ["body"],
    msg: "Input should be a valid dictionary or object to extract fields from",
    input: body,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    throw new FastApiInvalidError({
      type: "json_invalid",
      loc: ["body", Number(position ?? text.length)],
      msg: "JSON decode error",
      input: {},
      ctx: { error: "Expecting value" },
    });
  }
}

function readName(body: Record<string, unknown>, problems: FastApiProblem[]): string {
  const loc = ["body", "name"];
  const input = body["name"];
  if (!Object.hasOwn(body, "name")) problems.push(missing(loc, body));
  else if (typeof input !== "string") {
    problems.push({ type: "string_type", loc, msg: "Input should be a valid string", input });
  } else if (input.includes("\0")) {
    const msg = "Value error, Text with the character U+0000 cannot be kept";
    problems.push({ type: "value_error", loc, msg, input, ctx: { error: {} } });
  } else if (input.length > longestName) {
    problems.push({
      type: "string_too_long",
      loc,
      msg: `String should have at most ${longestName} characters`,
      input,
      ctx: { max_length: longestName },
    });
  }
  return typeof input === "string" ? input : "";
}

function readInteger(
  body: Record<string, unknown>,
  name: string,
  problems: FastApiProblem[],
): number {
  const loc = ["body", name];
  if (!Object.hasOwn(body, name)) {
    problems.push(missing(loc, body));
    return 0;
  }
  const input = body[name];
  const integer = "Input should be a valid integer";
  if (typeof input === "boolean") return input ? 1 : 0;
  if (typeof input === "string") {
    if (/^\s*[-+]?\d+(\.0*)?\s*$/.test(input)) return Number(input);
    const msg = `${integer}, unable to parse string as an integer`;
    problems.push({ type: "int_parsing", loc, msg, input });
  } else if (typeof input !== "number") {
    problems.push({ type: "int_type", loc, msg: integer, input });
  } else if (!Number.isFinite(input)) {
    problems.push({ type: "finite_number", loc, msg: "Input should be a finite number" });
  } else if (!Number.isInteger(input)) {
    const msg = `${integer}, got a number with a fractional part`;
    problems.push({ type: "int_from_float", loc, msg, input });
  } else return input;
  return 0;
}

function missing(loc: string[], input: unknown): FastApiProblem {
  return { type: "missing", loc, msg: "Field required", input };
}

function within(seconds: number, most: number): number {
  return Math.min(most, Math.max(1, seconds));
}
