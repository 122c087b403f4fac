import assert from "node:assert/strict";
import { test } from "node:test";
import { changeWords, compareRuns, isMuchMore } from "./compare.ts";
import { partOf, runOf, treeOf } from "./run.kit.ts";

test("parts of one name are summed up; what only one of them has is there as well", () => {
  const before = treeOf(runOf("before", { metrics: { rows: 10, progress_pct: 100 } }), [
    partOf("before", "read", [0, 2]),
    partOf("before", "gone", [2, 3]),
  ]);
  const now = treeOf(runOf("now", { metrics: { rows: 20, duration_s: 10 } }), [
    partOf("now", "x", [5, 9], { sub_key: "read" }),
    partOf("now", "read", [0, 2]),
  ]);
  assert.deepEqual(compareRuns(now, before, 0), {
    durations: [
      { name: "", now: 10_000, before: 10_000 },
      { name: "read", now: 6000, before: 2000 },
      { name: "gone", now: null, before: 1000 },
    ],
    metrics: [{ name: "rows", now: 20, before: 10 }],
  });
});

const changes: readonly (readonly [before: number | null, now: number | null, words: string])[] = [
  [100, 140, "+40 %"],
  [100, 88, "−12 %"],
  [100, 100.2, "same"],
  [10, 32, "3.2 ×"],
  [1, 40, "40 ×"],
  [null, 5, ""],
  [5, null, ""],
  [0, 5, ""],
];
for (const [before, now, words] of changes) {
  test(`from ${before} to ${now} is ${words === "" ? "not said" : words}`, () =>
    assert.equal(changeWords({ name: "a", before, now }), words));
}

test("half as much again deserves a look, less does not", () => {
  assert.equal(isMuchMore({ name: "a", before: 10, now: 15 }), true);
  assert.equal(isMuchMore({ name: "a", before: 10, now: 14 }), false);
  assert.equal(isMuchMore({ name: "a", before: null, now: 14 }), false);
});
