/** Filters of Alertmanager's API: a matcher as text, `name="value"`, `=~`, `!=` or `!~`. */
import { Type } from "typebox";
import type { Matcher } from "@belfry/contract";
import { matcherProblems } from "../../model/matcher.ts";
import { refused } from "./error.ts";

/** `filter` as often as there are matchers; commas belong to values. */
export const filterQuery = Type.Object({
  filter: Type.Optional(
    Type.Union([Type.String({ maxLength: 2000 }), Type.Array(Type.String({ maxLength: 2000 }))], {
      description: 'A matcher, such as `team=~"core|db"`; several have all to match',
    }),
  ),
});

const form = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;

/** Reads the filters of a query; throws an answer of 400 with what is wrong. */
export function parseFilters(filters: string | readonly string[] | undefined): readonly Matcher[] {
  const texts = filters === undefined ? [] : typeof filters === "string" ? [filters] : filters;
  const matchers = texts.map(parseFilter);
  const [problem] = matcherProblems(matchers, "filter");
  if (problem !== undefined) throw refused(`${problem.path}: ${problem.message}`);
  return matchers;
}

function parseFilter(text: string): Matcher {
  const [, name, operator, rest = ""] = form.exec(text) ?? [];
  if (name === undefined || operator === undefined) throw refused(`bad matcher format: ${text}`);
  return {
    name,
    value: valueOf(rest, text),
    is_regex: operator.endsWith("~"),
    is_equal: !operator.startsWith("!"),
  };
}

/** With or without quotes. */
function valueOf(rest: string, text: string): string {
  if (!rest.startsWith('"')) return rest;
  const [, quoted] = /^"((?:[^"\\]|\\.)*)"$/s.exec(rest) ?? [];
  if (quoted === undefined) throw refused(`bad matcher format: ${text}`);
  return quoted.replace(/\\(.)/gs, (_whole, sign: string) => (sign === "n" ? "\n" : sign));
}
