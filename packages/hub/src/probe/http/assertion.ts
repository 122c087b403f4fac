/** Assertions about an HTTP answer: their schema, what is checked beyond it, and how they are judged. */
import { Type, type Static } from "typebox";
import { describe, type Json, type Problem } from "@belfry/contract";
import { failed, faultOf, type Attempt, type Fault } from "../fault.ts";
import { compilePattern, type Pattern } from "../pattern.ts";
import { compare, comparisons, type Comparison } from "./compare.ts";
import { parseJsonPath, selectJson } from "./json-path.ts";

const strict = { additionalProperties: false } as const;
const textComparisons = [...comparisons, "matches", "not_matches", "exists", "missing"] as const;

const HeaderSchema = Type.Object(
  {
    kind: Type.Literal("header"),
    name: Type.String({ minLength: 1, maxLength: 200, title: "Header" }),
    comparison: Type.Enum(
      ["exists", "missing", "==", "!=", "contains", "not_contains", "matches", "not_matches"],
      {
        title: "Comparison",
      },
    ),
    value: Type.Optional(Type.String({ maxLength: 8_192, title: "Value" })),
  },
  { ...strict, title: "Header" },
);

const BodySchema = Type.Object(
  {
    kind: Type.Literal("body"),
    comparison: Type.Enum(["contains", "not_contains", "matches", "not_matches"], {
      title: "Comparison",
    }),
    value: Type.String({ minLength: 1, maxLength: 8_192, title: "Text or pattern" }),
  },
  { ...strict, title: "Body", description: "Looks at the first 1,048,576 characters of the body" },
);

const JsonPathSchema = Type.Object(
  {
    kind: Type.Literal("json_path"),
    path: Type.String({
      minLength: 1,
      maxLength: 1_000,
      title: "Path",
      description: "$.a.b[0], ['any name'], [*]; all values a wildcard selects must hold",
    }),
    comparison: Type.Enum([...textComparisons], { title: "Comparison" }),
    value: Type.Optional(Type.Unknown({ title: "Value", description: "Any JSON value" })),
  },
  { ...strict, title: "JSON path" },
);

/** One assertion. */
export const AssertionSchema = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal("status"),
        comparison: Type.Enum(["==", "!=", "<", "<=", ">", ">="], { title: "Comparison" }),
        value: Type.Integer({ minimum: 100, maximum: 599, title: "Status code" }),
      },
      { ...strict, title: "Status" },
    ),
    HeaderSchema,
    BodySchema,
    JsonPathSchema,
    Type.Object(
      {
        kind: Type.Literal("response_time"),
        most_seconds: Type.Number({
          exclusiveMinimum: 0,
          maximum: 600,
          title: "At most",
          unit: "seconds",
        }),
      },
      { ...strict, title: "Response time" },
    ),
    Type.Object(
      {
        kind: Type.Literal("certificate_days"),
        least_days: Type.Number({ minimum: 0, maximum: 3_650, title: "At least", unit: "days" }),
      },
      { ...strict, title: "Certificate days left" },
    ),
  ],
  { title: "Assertion" },
);
export type AssertionSettings = Static<typeof AssertionSchema>;

/** The parts of an answer that assertions look at. */
export interface AssertedAnswer {
  readonly status: number;
  /** Repeated fields joined by a comma; undefined when absent. */
  field(name: string): string | undefined;
  /** The body as text, cut to what assertions look at. */
  text(): Promise<Attempt<string>>;
  json(): Promise<Attempt<Json>>;
  readonly responseMs: number;
  readonly certificateDays: number | null;
  matches(pattern: Pattern, text: string): Promise<Attempt<boolean>>;
}

/** Judges an answer; the fault when the assertion does not hold or could not be judged. */
export type Assertion = (answer: AssertedAnswer) => Promise<Fault | null>;

/** Whether any of the assertions needs the body. */
export function needsBody(list: readonly AssertionSettings[]): boolean {
  return list.some(({ kind }) => kind === "body" || kind === "json_path");
}

/** What the schema cannot say. */
export function assertionProblems(list: readonly AssertionSettings[]): Problem[] {
  return list.flatMap((assertion, i) => problemsOfOne(assertion, `assertions[${i}]`));
}

function problemsOfOne(assertion: AssertionSettings, at: string): Problem[] {
  if (!("comparison" in assertion)) return [];
  const { comparison } = assertion;
  const problems: Problem[] = [];
  if (assertion.kind === "json_path") {
    const path = parseJsonPath(assertion.path);
    if ("wrongAt" in path) {
      const found = describe(assertion.path.slice(path.wrongAt));
      problems.push({
        path: `${at}.path`,
        message: `expected a path like $.a.b[0], found ${found}`,
      });
    }
  }
  const needsValue = comparison !== "exists" && comparison !== "missing";
  if (needsValue && assertion.value === undefined) {
    problems.push({ path: `${at}.value`, message: "is required" });
  }
  if (comparison === "matches" || comparison === "not_matches") {
    const pattern =
      typeof assertion.value === "string"
        ? compilePattern(assertion.value)
        : { problem: "expected a regular expression" };
    if ("problem" in pattern) problems.push({ path: `${at}.value`, message: pattern.problem });
  }
  return problems;
}

/** Prepares an assertion. */
export function createAssertion(settings: AssertionSettings): Assertion {
  switch (settings.kind) {
    case "status":
      return async (answer) => {
        const wrong = compare(answer.status, settings.comparison, settings.value);
        return wrong === null ? null : unmet(`status ${wrong}`);
      };
    case "response_time":
      return async ({ responseMs }) => {
        if (responseMs <= settings.most_seconds * 1_000) return null;
        const message = `response time is ${(responseMs / 1_000).toFixed(3)} s, expected at most ${settings.most_seconds} s`;
        return faultOf("assertion", message, "stall");
      };
    case "certificate_days":
      return async ({ certificateDays }) => {
        if (certificateDays === null) return unmet("there is no certificate to look at");
        if (certificateDays >= settings.least_days) return null;
        return unmet(
          `the certificate has ${certificateDays.toFixed(1)} days left, expected at least ${settings.least_days}`,
        );
      };
    case "header": {
      const test = createTextTest(settings.comparison, settings.value);
      const name = settings.name.toLowerCase();
      return async (answer) => await test(answer.field(name), `header ${settings.name}`, answer);
    }
    case "body": {
      const test = createTextTest(settings.comparison, settings.value);
      // A body is too long to be quoted, so the message says only what was looked for.
      const unmetBody = `the body ${bodyVerbs[settings.comparison]} ${describe(settings.value)}`;
      return async (answer) => {
        const text = await answer.text();
        if (text.kind === "fault") return text.fault;
        const fault = await test(text.value, "body", answer);
        return fault === null || fault.reason !== "assertion" ? fault : unmet(unmetBody);
      };
    }
    case "json_path":
      return createJsonAssertion(settings);
  }
}

const bodyVerbs = {
  contains: "does not contain",
  not_contains: "contains",
  matches: "does not match",
  not_matches: "matches",
} as const;

function createJsonAssertion(settings: Static<typeof JsonPathSchema>): Assertion {
  const path = parseJsonPath(settings.path);
  if ("wrongAt" in path) throw new TypeError("the path was not checked before");
  const { comparison } = settings;
  const test = createTextTest(comparison, settings.value);
  return async (answer) => {
    const json = await answer.json();
    if (json.kind === "fault") return json.fault;
    const found = selectJson(json.value, path);
    if (comparison === "missing") {
      return found.length === 0
        ? null
        : unmet(`${settings.path} is ${describe(found[0])}, expected nothing`);
    }
    if (found.length === 0) return unmet(`${settings.path} selects nothing`);
    for (const value of found) {
      const fault = await test(value, settings.path, answer);
      if (fault !== null) return fault;
    }
    return null;
  };
}

type ValueTest = (
  found: Json | undefined,
  what: string,
  answer: Pick<AssertedAnswer, "matches">,
) => Promise<Fault | null>;

function createTextTest(
  comparison: (typeof textComparisons)[number],
  expected: unknown,
): ValueTest {
  switch (comparison) {
    case "exists":
      return async (found, what) => (found === undefined ? unmet(`there is no ${what}`) : null);
    case "missing":
      return async (found, what) =>
        found === undefined ? null : unmet(`${what} is ${describe(found)}, expected none`);
    case "matches":
    case "not_matches":
      return createPatternTest(String(expected), comparison === "matches");
    default:
      return createComparisonTest(comparison, asJson(expected));
  }
}

function createComparisonTest(comparison: Comparison, expected: Json): ValueTest {
  return async (found, what) => {
    if (found === undefined) return unmet(`there is no ${what}`);
    const wrong = compare(found, comparison, expected);
    return wrong === null ? null : unmet(`${what} ${wrong}`);
  };
}

function createPatternTest(source: string, wanted: boolean): ValueTest {
  const pattern = compilePattern(source);
  if ("problem" in pattern) throw new TypeError("the pattern was not checked before");
  return async (found, what, answer) => {
    if (found === undefined) return unmet(`there is no ${what}`);
    if (typeof found !== "string")
      return unmet(`${what} is ${describe(found)}, expected text to match`);
    const matched = await answer.matches(pattern, found);
    if (matched.kind === "fault") return matched.fault;
    if (matched.value === wanted) return null;
    return unmet(`${what} ${wanted ? "does not match" : "matches"} ${describe(source)}`);
  };
}

/** Guarantee: the value comes out of parsed settings, which are JSON. */
function asJson(value: unknown): Json {
  return value as Json;
}

function unmet(message: string): Fault {
  return faultOf("assertion", message);
}

/** Passes a fault on where a value was expected. */
export function notJson(message: string): Attempt<never> {
  return failed(unmet(message));
}
