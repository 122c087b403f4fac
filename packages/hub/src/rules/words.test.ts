import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AlertRuleInput, RuleCondition } from "@belfry/contract";
import { builtInRules } from "./built-in.ts";
import { onlyRule, rulesThatHold, type ActiveRule } from "./rule-set.ts";
import { figureText, raisedSignal } from "./words.ts";

const metric = (name: string): { name: string; matchers: [] } => ({ name, matchers: [] });
const threshold = (name: string): RuleCondition => ({
  kind: "threshold",
  metric: metric(name),
  aggregate: "last",
  operator: ">=",
  value: 0.9,
});

function ownRule(condition: RuleCondition): ActiveRule {
  const rule: AlertRuleInput = {
    name: "own",
    enabled: true,
    severity: "warning",
    subject: "host",
    matchers: [],
    condition,
    for_seconds: 0,
    recovery_for_seconds: 0,
    labels: {},
    description: "",
  };
  return onlyRule(rule).rules[0] ?? assert.fail("a set of one rule has it");
}

function evidenceOf(rule: ActiveRule): Readonly<Record<string, unknown>> {
  const subject = {
    kind: "host",
    id: "0190",
    name: "web-1",
    labels: {},
    intervalMs: null,
    clockOffsetMs: 0,
    isWatched: true,
    origin: {},
  } as const;
  const told = { rule, subject, labels: {}, series: "", startedAt: 1, now: 2, value: 0.95 };
  return raisedSignal(told).evidence;
}

describe("evidence of a rule that rings says what its value counts", () => {
  const span = { over_seconds: 60, operator: ">", value: 1 } as const;
  const rows: readonly (readonly [string, RuleCondition, string])[] = [
    ["by the end of the metric's name", threshold("belfry_host_cpu_ratio"), "ratio"],
    ["in bytes", threshold("node_memory_free_bytes"), "bytes"],
    ["nothing in particular", threshold("node_load1"), "count"],
    ["per second", { kind: "rate", metric: metric("errors_total"), ...span }, "per_second"],
    [
      "as a part of what it was",
      { kind: "change", metric: metric("free_bytes"), relative: true, ...span },
      "ratio",
    ],
    [
      "as a part of another metric",
      {
        kind: "ratio",
        numerator: metric("used_bytes"),
        denominator: metric("size_bytes"),
        operator: ">",
        value: 0.9,
      },
      "ratio",
    ],
    [
      "of silence, in seconds",
      { kind: "absence", metric: metric("x"), over_seconds: 9 },
      "seconds",
    ],
  ];
  for (const [what, condition, unit] of rows) {
    it(what, () => {
      const evidence = evidenceOf(ownRule(condition));
      assert.deepEqual([evidence["unit"], evidence["condition"]], [unit, condition.kind]);
    });
  }

  it("of a built-in rule, as that says", () => {
    for (const rule of rulesThatHold([]).rules) {
      assert.equal(evidenceOf(rule)["unit"], builtInRules.get(rule.id)?.unit);
    }
  });
});

describe("a figure is told", () => {
  const rows: readonly (readonly [number, string, string])[] = [
    [0.951249, "ratio", "95.12 %"],
    [0.9, "ratio", "90 %"],
    [1.2345, "count", "1.23"],
    [91.26, "celsius", "91.3 °C"],
    [5, "furlongs", "5"],
  ];
  for (const [value, unit, text] of rows) {
    it(`${value} in ${unit} as ${text}`, () => {
      assert.equal(figureText(value, unit), text);
    });
  }
});
