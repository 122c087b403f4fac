/** Matchers as they are compared and written: `team="core"`, `env!~"(test|dev)-.*"`. */
import type { Matcher } from "@belfry/contract";

/** Ways to compare, with what they are called. */
export const comparisons = [
  ["=", "is"],
  ["!=", "is not"],
  ["=~", "matches"],
  ["!~", "does not match"],
] as const;
export type Comparison = (typeof comparisons)[number][0];

/** The comparison of a matcher. */
export function comparisonOf(isEqual: boolean, isRegex: boolean): Comparison {
  if (isRegex) return isEqual ? "=~" : "!~";
  return isEqual ? "=" : "!=";
}

/** A matcher with a comparison. */
export function matcherOf(name: string, comparison: Comparison, value: string): Matcher {
  return {
    name,
    value,
    is_regex: comparison === "=~" || comparison === "!~",
    is_equal: comparison === "=" || comparison === "=~",
  };
}

/** As Alertmanager writes it. */
export function matcherText({ name, value, is_equal, is_regex }: Matcher): string {
  return `${name}${comparisonOf(is_equal, is_regex)}${JSON.stringify(value)}`;
}
