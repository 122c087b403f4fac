import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { learnDurations, learnedLimit } from "./job-duration.ts";

const times = (count: number, seconds: number): number[] =>
  Array.from({ length: count }, () => seconds);

describe("durations of a job", () => {
  const rows: readonly (readonly [string, readonly number[], readonly number[] | null])[] = [
    ["are not known from four runs", [1, 2, 3, 4], null],
    ["are known from five, in any order", [5, 1, 4, 2, 3], [3, 4]],
    ["do not take one run that hung for usual", [...times(9, 10), 3600], [10, 10]],
    ["take two of twenty for usual", [...times(18, 10), 60, 60], [10, 60]],
    ["leave out the longest five of a hundred", [...times(95, 10), ...times(5, 99)], [10, 10]],
  ];
  for (const [says, seconds, figures] of rows) {
    test(says, () => {
      const learned = learnDurations(seconds);
      const found = learned === null ? null : [learned.typicalSeconds, learned.p95Seconds];
      assert.deepEqual(found, figures);
    });
  }

  test("make a run slow at half as much again, and not within five seconds", () => {
    assert.equal(learnedLimit(null), null);
    assert.equal(learnedLimit(learnDurations(times(5, 100))), 150);
    assert.equal(learnedLimit(learnDurations(times(5, 0.2))), 5.2);
  });
});
