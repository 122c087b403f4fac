/**
 * Chooses by labels, as Alertmanager does. Evaluated for every incident and every route, silence and window, so patterns
 * are compiled once for as long as their matchers live.
 */
import type { Matcher, Problem } from "@belfry/contract";
import { RE2JS } from "re2js";

/** A label that is not there is an empty text. */
export type MatchedLabels = Readonly<Record<string, string>>;

const mostPatternSize = 5_000;
const patterns = new WeakMap<Matcher, RE2JS | "bad">();

/**
 * Whether all matchers hold; without any, everything is chosen. A pattern has to match the whole value, in which a dot
 * also stands for a line break. With a pattern that cannot be compiled nothing is chosen, whatever it would say:
 * `matcherProblems` keeps such from being written.
 */
export function matches(matchers: readonly Matcher[], labels: MatchedLabels): boolean {
  return matchers.every((matcher) => {
    const value = Object.hasOwn(labels, matcher.name) ? (labels[matcher.name] ?? "") : "";
    if (!matcher.is_regex) return (value === matcher.value) === matcher.is_equal;
    const pattern = patternOf(matcher);
    return pattern !== "bad" && pattern.matches(value) === matcher.is_equal;
  });
}

/** Patterns that cannot be used; paths are those of the matchers below `at`: `matchers[1].value`. */
export function matcherProblems(matchers: readonly Matcher[], at = "matchers"): readonly Problem[] {
  return matchers.flatMap((matcher, i) => {
    const message = matcher.is_regex ? patternProblem(matcher.value) : undefined;
    return message === undefined ? [] : [{ path: `${at}[${i}].value`, message }];
  });
}

function patternOf(matcher: Matcher): RE2JS | "bad" {
  const known = patterns.get(matcher);
  if (known !== undefined) return known;
  let pattern: RE2JS | "bad";
  try {
    pattern = compile(matcher.value);
  } catch {
    pattern = "bad";
  }
  patterns.set(matcher, pattern);
  return pattern;
}

function patternProblem(value: string): string | undefined {
  try {
    return compile(value).programSize() > mostPatternSize
      ? "this pattern repeats too much"
      : undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return `expected a regular expression in RE2 syntax: ${said}`;
  }
}

function compile(value: string): RE2JS {
  return RE2JS.compile(value, RE2JS.DOTALL);
}
