import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuleCondition } from "@belfry/contract";
import { valueWords, type Counted } from "./metric-words.ts";
import { conditionWords, holdWords } from "./rule-words.ts";

function metric(name: string, mode?: string) {
  const matchers =
    mode === undefined ? [] : [{ name: "mode", value: mode, is_regex: false, is_equal: true }];
  return { name, matchers };
}

const conditions: readonly (readonly [condition: RuleCondition, words: string])[] = [
  [
    {
      kind: "threshold",
      metric: metric("cpu_ratio", "steal"),
      aggregate: "avg",
      over_seconds: 600,
      operator: ">",
      value: 0.955,
      recover_value: 0.85,
    },
    'average of cpu_ratio{mode="steal"} over 10 min above 95.5 %, until 85 %',
  ],
  [
    {
      kind: "threshold",
      metric: metric("free_bytes"),
      aggregate: "last",
      operator: "<=",
      value: 1_073_741_824,
    },
    "free_bytes at or below 1.0 GiB",
  ],
  [
    {
      kind: "change",
      metric: metric("temperature_celsius"),
      over_seconds: 3600,
      relative: false,
      operator: ">",
      value: 20,
    },
    "change of temperature_celsius within 1 h above 20 °C",
  ],
  [
    {
      kind: "change",
      metric: metric("sessions"),
      over_seconds: 60,
      relative: true,
      operator: "<",
      value: -0.5,
    },
    "change of sessions within 1 min below -50 %",
  ],
  [
    {
      kind: "rate",
      metric: metric("waiting_seconds_total"),
      over_seconds: 300,
      operator: ">",
      value: 0.6,
    },
    "waiting_seconds_total per second over 5 min above 60 %",
  ],
  [
    { kind: "rate", metric: metric("errors_total"), over_seconds: 300, operator: ">", value: 2 },
    "errors_total per second over 5 min above 2/s",
  ],
  [
    { kind: "absence", metric: metric("backup_age"), over_seconds: 7200 },
    "backup_age has no sample for 2 h",
  ],
  [
    {
      kind: "ratio",
      numerator: metric("avail_bytes"),
      denominator: metric("size_bytes"),
      operator: "<",
      value: 0.05,
    },
    "avail_bytes / size_bytes below 5 %",
  ],
  [
    {
      kind: "ratio",
      numerator: metric("load"),
      denominator: metric("cores"),
      operator: ">",
      value: 3,
    },
    "load / cores above 3",
  ],
  [
    {
      kind: "prediction",
      metric: metric("avail_bytes"),
      over_seconds: 21_600,
      within_seconds: 86_400,
      operator: "<=",
      value: 0,
    },
    "avail_bytes in 1 d, as it went for 6 h, at or below 0 B",
  ],
];
for (const [condition, words] of conditions) {
  test(words, () => assert.equal(conditionWords(condition), words));
}

const values: readonly (readonly [value: number, counted: Counted, words: string])[] = [
  [0.25, "seconds", "250 ms"],
  [90, "seconds", "1 min 30 s"],
  [12_345.6, "plain", "12,346"],
  [0.001234, "plain", "0.00123"],
  [Number.POSITIVE_INFINITY, "plain", "endless"],
  [1_500_000, "byte_rate", "1.5 MB/s"],
  [0.5, "rate", "30/min"],
  [0.002, "rate", "7.2/h"],
  [0, "rate", "0/s"],
];
for (const [value, counted, words] of values) {
  test(`${value} of ${counted} is ${words}`, () => assert.equal(valueWords(value, counted), words));
}

test("what holds for no time rings at once", () => {
  assert.equal(
    holdWords({ for_seconds: 0, recovery_for_seconds: 0 }),
    "rings at once, over at once",
  );
  assert.equal(
    holdWords({ for_seconds: 600, recovery_for_seconds: 120 }),
    "rings after 10 min, over after 2 min",
  );
});
