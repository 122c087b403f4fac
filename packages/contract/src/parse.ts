/**
 * From `unknown` to a typed value or a list of problems. Every edge (HTTP bodies, configuration, settings of a check
 * kind) goes through `createParser`, so that a bad value is reported the same way everywhere: where it is, what was
 * expected and what was found.
 */
import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { Clone, Default } from "typebox/value";

/** One thing wrong with a value. `path` is dotted (`settings.port`, `labels.team`), empty for the whole value. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** The result of parsing: a trusted value, or every problem found. */
export type Parsed<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "bad"; readonly problems: readonly Problem[] };

/** Parses one value; `at` is put before every path, as in `monitors[3]`. */
export type Parser<T> = (value: unknown, at?: string) => Parsed<T>;

/** A result that is fine. */
export function ok<T>(value: T): Parsed<T> {
  return { kind: "ok", value };
}

/** A result with problems. */
export function bad<T>(...problems: readonly Problem[]): Parsed<T> {
  return { kind: "bad", problems };
}

/**
 * Makes a parser from a schema: fills in the schema's defaults (on a copy) and refuses what does not fit. Nothing is
 * coerced and unknown keys are refused where the schema says `additionalProperties: false`. The schema is compiled at
 * first use.
 */
export function createParser<S extends TSchema>(schema: S): Parser<Static<S>> {
  let validator: ReturnType<typeof Compile<S>> | undefined;
  return (value, at = "") => {
    validator ??= Compile(schema);
    const filled: unknown = Default(schema, Clone(value));
    if (validator.Check(filled)) return ok(filled as Static<S>);
    return { kind: "bad", problems: problemsOf(validator.Errors(filled), schema, filled, at) };
  };
}

/** Describes a value in a message: short, on one line, never longer than 60 characters. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  let text: string;
  try {
    text = JSON.stringify(value) ?? typeof value;
  } catch {
    text = typeof value;
  }
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function problemsOf(
  errors: readonly TLocalizedValidationError[],
  schema: TSchema,
  root: unknown,
  at: string,
): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const error of errors) {
    // What is wrong with a name is said once, by the keyword itself.
    if (error.keyword === "boolean" || error.schemaPath.endsWith("/propertyNames")) continue;
    for (const problem of problemsOfOne(error, schema, root)) {
      const path = joinPath(at, problem.path);
      const key = `${path}\n${problem.message}`;
      if (seen.has(key)) continue;
      seen.add(key);
      problems.push({ path, message: problem.message });
    }
  }
  return problems.length > 0 ? problems : [{ path: at, message: "does not fit the schema" }];
}

function problemsOfOne(
  error: TLocalizedValidationError,
  schema: TSchema,
  root: unknown,
): Problem[] {
  const path = dotted(error.instancePath);
  switch (error.keyword) {
    case "required":
      return error.params.requiredProperties.map((name) => ({
        path: joinPath(path, name),
        message: "is required",
      }));
    case "additionalProperties":
      return error.params.additionalProperties.map((name) => ({
        path: joinPath(path, name),
        message: "is not a known key",
      }));
    case "propertyNames":
      return error.params.propertyNames.map((name) => ({
        path: joinPath(path, name),
        message: "is not a name that can be used here",
      }));
    default: {
      const found = describe(pointed(root, error.instancePath));
      const expected = expectation(pointedSchema(schema, error.schemaPath)) ?? error.message;
      return [{ path, message: `expected ${expected}, found ${found}` }];
    }
  }
}

function joinPath(at: string, path: string): string {
  if (at === "" || path === "") return at + path;
  return path.startsWith("[") ? at + path : `${at}.${path}`;
}

function segmentsOf(pointer: string): string[] {
  return pointer
    .replace(/^#/, "")
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function dotted(pointer: string): string {
  let path = "";
  for (const part of segmentsOf(pointer)) {
    if (/^\d+$/.test(part)) path += `[${part}]`;
    else path += path === "" ? part : `.${part}`;
  }
  return path;
}

function pointed(root: unknown, pointer: string): unknown {
  let value: unknown = root;
  for (const part of segmentsOf(pointer)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function pointedSchema(schema: TSchema, pointer: string): unknown {
  return pointed(schema, pointer);
}

/** Says in words what a schema accepts, from its own keywords; undefined where the keywords say too little. */
function expectation(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  const s = schema as Record<string, unknown>;
  if (typeof s["expected"] === "string") return s["expected"];
  if (Array.isArray(s["enum"])) return `one of ${s["enum"].map(describe).join(", ")}`;
  if ("const" in s) return describe(s["const"]);
  if (Array.isArray(s["anyOf"])) {
    const parts = s["anyOf"].map(expectation);
    if (parts.every((part) => part !== undefined)) return parts.join(" or ");
    return undefined;
  }
  switch (s["type"]) {
    case "number":
      return `a number${range(s["minimum"], s["maximum"])}`;
    case "integer":
      return `a whole number${range(s["minimum"], s["maximum"])}`;
    case "string":
      return stringExpectation(s);
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return `a list${range(s["minItems"], s["maxItems"], " items")}`;
    case "object":
      return "an object";
    default:
      return undefined;
  }
}

function stringExpectation(s: Record<string, unknown>): string {
  const length = range(s["minLength"], s["maxLength"], " characters");
  if (typeof s["format"] === "string") return `text in the form of ${s["format"]}${length}`;
  if (typeof s["pattern"] === "string") return `text that matches ${s["pattern"]}${length}`;
  return `text${length}`;
}

function range(least: unknown, most: unknown, unit = ""): string {
  if (typeof least === "number" && typeof most === "number") {
    return unit === "" ? ` from ${least} to ${most}` : ` of ${least} to ${most}${unit}`;
  }
  if (typeof least === "number") return ` of at least ${least}${unit}`;
  if (typeof most === "number") return ` of at most ${most}${unit}`;
  return "";
}
