import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf, levelOfFullIn, worstLevel, type Level, type limits } from "./level.ts";

const cases: readonly (readonly [what: keyof typeof limits, value: number | null, level: Level])[] =
  [
    ["cpu", 0.79, "fine"],
    ["cpu", 0.8, "attention"],
    ["memory", 0.9, "bad"],
    ["disk", 1, "bad"],
    ["disk", null, "fine"],
    ["disk", Number.NaN, "fine"],
    ["load", 1.5, "attention"],
    ["load", 2, "bad"],
    ["temperature", 74, "fine"],
    ["temperature", 91, "bad"],
  ];
for (const [what, value, level] of cases) {
  test(`${what} at ${value} is ${level}`, () => assert.equal(levelOf(what, value), level));
}

test("what is full within a day is bad, within a week worth a look", () => {
  const hour = 3_600_000;
  assert.deepEqual([null, 500 * hour, 100 * hour, 5 * hour].map(levelOfFullIn), [
    "fine",
    "fine",
    "attention",
    "bad",
  ]);
});

test("the worst of several counts", () => {
  assert.equal(worstLevel([]), "fine");
  assert.equal(worstLevel(["fine", "attention"]), "attention");
  assert.equal(worstLevel(["bad", "attention", "fine"]), "bad");
});
