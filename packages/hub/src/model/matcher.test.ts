import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Matcher } from "@belfry/contract";
import { matcherProblems, matches, type MatchedLabels } from "./matcher.ts";

const equal = (name: string, value: string): Matcher => ({
  name,
  value,
  is_regex: false,
  is_equal: true,
});
const not = (matcher: Matcher): Matcher => ({ ...matcher, is_equal: false });
const regex = (name: string, value: string): Matcher => ({ ...equal(name, value), is_regex: true });

const labels = { severity: "critical", team: "core", text: "two\nlines" };

interface Row {
  readonly says: string;
  readonly matchers: readonly Matcher[];
  readonly labels?: MatchedLabels;
  readonly chosen: boolean;
}

const rows: readonly Row[] = [
  { says: "no matcher chooses everything", matchers: [], chosen: true },
  { says: "an equal value", matchers: [equal("team", "core")], chosen: true },
  { says: "another value", matchers: [equal("team", "Core")], chosen: false },
  {
    says: "all have to match",
    matchers: [equal("team", "core"), equal("severity", "info")],
    chosen: false,
  },
  { says: "what is not equal", matchers: [not(equal("team", "web"))], chosen: true },
  { says: "what is equal after all", matchers: [not(equal("team", "core"))], chosen: false },
  { says: "a label that is not there is empty", matchers: [equal("zone", "")], chosen: true },
  {
    says: "a label that is not there is not some text",
    matchers: [not(equal("zone", "a"))],
    chosen: true,
  },
  { says: "a label that is there is not empty", matchers: [equal("team", "")], chosen: false },
  { says: "a pattern", matchers: [regex("team", "co.e|web")], chosen: true },
  { says: "a pattern matches the whole value", matchers: [regex("team", "cor")], chosen: false },
  { says: "with alternatives too", matchers: [regex("severity", "warning|crit")], chosen: false },
  {
    says: "a pattern that is not to match",
    matchers: [not(regex("team", "web|db"))],
    chosen: true,
  },
  {
    says: "a pattern that matches what it must not",
    matchers: [not(regex("team", ".*"))],
    chosen: false,
  },
  {
    says: "a pattern for a label that is not there",
    matchers: [regex("zone", ".+")],
    chosen: false,
  },
  { says: "a dot stands for a line break", matchers: [regex("text", "two.lines")], chosen: true },
  {
    says: "names of an object's own are no labels",
    matchers: [equal("constructor", "")],
    chosen: true,
  },
  { says: "a pattern that is none chooses nothing", matchers: [regex("team", "(")], chosen: false },
  { says: "nor does its opposite", matchers: [not(regex("team", "("))], chosen: false },
];

describe("matchers", () => {
  for (const row of rows) {
    test(row.says, () => {
      const given = row.labels ?? labels;
      assert.equal(matches(row.matchers, given), row.chosen);
      assert.equal(matches(row.matchers, given), row.chosen, "asked again");
    });
  }

  test("patterns that cannot be used are named by their path", () => {
    const problems = matcherProblems(
      [equal("a", "("), regex("b", "("), regex("c", "ok"), regex("d", "((a{20}){20}){20}")],
      "routes[2].matchers",
    );
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["routes[2].matchers[1].value", "routes[2].matchers[3].value"],
    );
    assert.match(problems[0]?.message ?? "", /^expected a regular expression in RE2 syntax: /);
  });
});
