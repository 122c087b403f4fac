/**
 * Makes a `CheckKind` of what is particular to one: its schema, what has to be checked beyond the schema, and how a
 * probe is made. Settings reach a kind only in parsed form.
 */
import {
  createParser,
  describe,
  type JsonObject,
  type Parsed,
  type Problem,
} from "@belfry/contract";
import type { Static, TSchema } from "typebox";
import type { CheckKind, Probe } from "../model/check-kind.ts";

/** What a kind's own file says. `S` are its settings with all defaults filled in. */
export interface KindSpec<Schema extends TSchema> extends Omit<
  CheckKind,
  "schema" | "parseSettings" | "targetOf" | "hostOf" | "createProbe"
> {
  readonly schema: Schema;
  /** Checks beyond the schema. Paths are relative to the settings. */
  problemsOf(settings: Static<Schema>): readonly Problem[];
  targetOf(settings: Static<Schema>): string;
  hostOf(settings: Static<Schema>): string;
  createProbe(settings: Static<Schema>): Probe;
}

/** Makes the kind. */
export function defineKind<Schema extends TSchema>(spec: KindSpec<Schema>): CheckKind {
  const parse = createParser(spec.schema);
  return {
    kind: spec.kind,
    title: spec.title,
    description: spec.description,
    schema: spec.schema,
    secrets: spec.secrets,
    metrics: spec.metrics,
    real: spec.real,
    parseSettings(settings, at = "") {
      const variants = variantProblems(spec.schema, settings, at);
      const parsed = parse(settings, at);
      if (variants.length > 0) {
        const others = parsed.kind === "bad" ? parsed.problems : [];
        const elsewhere = others.filter(({ path }) => !variants.some((v) => isAt(path, v.union)));
        return { kind: "bad", problems: [...variants.flatMap((v) => v.problems), ...elsewhere] };
      }
      if (parsed.kind === "bad") return parsed;
      const problems = spec
        .problemsOf(parsed.value)
        .map(({ path, message }) => ({ path: at === "" ? path : `${at}.${path}`, message }));
      if (problems.length > 0) return { kind: "bad", problems };
      return asJson(parsed.value);
    },
    targetOf: (settings) => spec.targetOf(trusted<Schema>(settings)),
    hostOf: (settings) => spec.hostOf(trusted<Schema>(settings)),
    createProbe: (settings) => spec.createProbe(trusted<Schema>(settings)),
  };
}

/** Guarantee: the settings of a monitor were made by `parseSettings` of its kind, so they fit the kind's schema. */
function trusted<Schema extends TSchema>(settings: JsonObject): Static<Schema> {
  return settings as Static<Schema>;
}

/** Guarantee: what fits the schema of a kind's settings is a JSON object (the schemas describe nothing else). */
function asJson(value: unknown): Parsed<JsonObject> {
  return { kind: "ok", value: value as JsonObject };
}

/** What is wrong with a union: its path, and the problems of the variant that was meant. */
interface UnionProblems {
  readonly union: string;
  readonly problems: readonly Problem[];
}

/**
 * A schema's own errors about a union name every variant's complaints. So variants are looked at first: one whose `kind`
 * is known is checked as that variant alone, and its problems are all there is to say about the union.
 */
function variantProblems(schema: unknown, value: unknown, path: string): UnionProblems[] {
  if (!isRecord(schema)) return [];
  const variants = schema["anyOf"];
  if (Array.isArray(variants)) {
    const problems = unionProblems(variants, value, path);
    return problems.length === 0 ? [] : [{ union: path, problems }];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => variantProblems(schema["items"], item, `${path}[${i}]`));
  }
  const properties = schema["properties"];
  if (!isRecord(value) || !isRecord(properties)) return [];
  return Object.entries(properties).flatMap(([key, inner]) =>
    variantProblems(inner, value[key], path === "" ? key : `${path}.${key}`),
  );
}

function isAt(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}

function unionProblems(variants: readonly unknown[], value: unknown, path: string): Problem[] {
  const tagged = variants.filter((variant) => tagOf(variant) !== undefined);
  if (tagged.length === 0 || !isRecord(value)) return [];
  const variant = tagged.find((candidate) => tagOf(candidate) === value["kind"]);
  if (variant === undefined) {
    const expected = tagged.map((candidate) => describe(tagOf(candidate))).join(", ");
    const message = `expected one of ${expected}, found ${describe(value["kind"])}`;
    return [{ path: `${path}.kind`, message }];
  }
  if (!isRecord(variant)) return [];
  const parsed = createParser(variant)(value, path);
  return parsed.kind === "bad" ? [...parsed.problems] : [];
}

function tagOf(schema: unknown): string | undefined {
  if (!isRecord(schema) || !isRecord(schema["properties"])) return undefined;
  const tag = schema["properties"]["kind"];
  return isRecord(tag) && typeof tag["const"] === "string" ? tag["const"] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
