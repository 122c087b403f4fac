/** Reads a selector of series as Prometheus writes it: `probe_success{kind="http",instance=~"https://.+"}`. */
import { bad, describe, ok, type Parsed } from "@belfry/contract";
import { RE2JS } from "re2js";
import type { Matcher, Selector } from "../model/series.ts";

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const condition =
  /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*/;

/**
 * Parses a selector. As in Prometheus, at least one condition must refuse the empty text, so that nobody asks for all
 * series by accident.
 */
export function parseSelector(text: string, at = "match"): Parsed<Selector> {
  const refuse = (message: string): Parsed<Selector> => bad({ path: at, message });
  const matchers: Matcher[] = [];
  let rest = text.trim();
  const name = metricName.exec(rest)?.[0];
  if (name !== undefined) {
    matchers.push({ label: "__name__", operator: "=", value: name });
    rest = rest.slice(name.length).trimStart();
  }
  if (rest.startsWith("{")) {
    const read = readConditions(rest.slice(1), matchers);
    if (read === undefined)
      return refuse(`expected a selector like up{job="a"}, found ${describe(text)}`);
    rest = read.trim();
  }
  if (rest !== "" || matchers.length === 0) {
    return refuse(`expected a selector like up{job="a"}, found ${describe(text)}`);
  }
  for (const { operator, value, label } of matchers) {
    const isRegex = operator === "=~" || operator === "!~";
    if (isRegex && !compiles(value)) {
      return refuse(`the pattern of ${label} is not a regular expression (RE2)`);
    }
  }
  if (!matchers.some(refusesEmpty)) {
    return refuse("expected at least one condition that does not match the empty text");
  }
  return ok(matchers);
}

/** Reads `a="b", c!="d"}` and gives what comes behind the brace; undefined when it cannot be read. */
function readConditions(text: string, matchers: Matcher[]): string | undefined {
  let rest = text;
  for (;;) {
    const end = /^\s*\}/.exec(rest);
    if (end !== null) return rest.slice(end[0].length);
    const match = condition.exec(rest);
    const [whole, label, operator, quoted] = match ?? [];
    if (whole === undefined || label === undefined || quoted === undefined) return undefined;
    if (!isOperator(operator)) return undefined;
    matchers.push({ label, operator, value: unquote(quoted) });
    rest = rest.slice(whole.length);
    if (rest.startsWith(",")) rest = rest.slice(1);
    else if (!rest.startsWith("}")) return undefined;
  }
}

function isOperator(text: string | undefined): text is Matcher["operator"] {
  return text === "=" || text === "!=" || text === "=~" || text === "!~";
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(.)/g, (_, char: string) => escapes[char] ?? char);
}

function compiles(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
}

function refusesEmpty({ operator, value }: Matcher): boolean {
  switch (operator) {
    case "=":
      return value !== "";
    case "!=":
      return value === "";
    case "=~":
      return !RE2JS.compile(value).matches("");
    case "!~":
      return RE2JS.compile(value).matches("");
  }
}
