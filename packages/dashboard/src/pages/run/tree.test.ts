import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { partOf, runOf, timeAt, treeOf } from "./run.kit.ts";
import { layoutTree, ticksOf, treeWith } from "./tree.ts";

const at = (seconds: number): number => Date.parse(timeAt(seconds));

test("each run stands below the one it is part of, those that began first on top", () => {
  const tree = treeOf(runOf("r"), [
    partOf("r", "late", [6, 10]),
    partOf("early", "inner", [2, 3]),
    partOf("r", "early", [0, 5]),
  ]);
  const { rows, from, to } = layoutTree(tree, at(99));
  assert.deepEqual(
    rows.map(({ run, depth }) => [run.id, depth]),
    [
      ["r", 0],
      ["early", 1],
      ["inner", 2],
      ["late", 1],
    ],
  );
  assert.deepEqual([from, to], [at(0), at(10)]);
  assert.deepEqual(
    rows.map(({ left, width }) => [left, width]),
    [
      [0, 1],
      [0, 0.5],
      [0.2, 0.1],
      [0.6, 0.4],
    ],
  );
});

test("what runs reaches up to the present; what was lost only to where it was last heard of", () => {
  const root = runOf("r", { status: "running", ended_at: null, duration_seconds: null });
  const lost = partOf("r", "lost", [0, null], { status: "lost", last_event_at: timeAt(4) });
  const { rows, to } = layoutTree(treeOf(root, [lost]), at(20));
  assert.equal(to, at(20));
  assert.deepEqual(
    rows.map(({ width, to: end }) => [width, end]),
    [
      [1, null],
      [0.2, at(4)],
    ],
  );
});

test("a run of which only parts were heard has a place and no length", () => {
  const root = runOf("r", {
    status: null,
    started_at: null,
    ended_at: null,
    duration_seconds: null,
  });
  const { rows } = layoutTree(treeOf(root, [partOf("r", "a", [5, 7])]), at(99));
  assert.deepEqual(
    rows.map(({ from, width }) => [from, width]),
    [
      [null, 0],
      [at(5), 1],
    ],
  );
});

test("what is heard changes its run, joins its parent, and is left out where it belongs to none", () => {
  const tree = treeOf(runOf("r", { status: "running" }), [partOf("r", "a", [0, null])]);
  const heard = [
    partOf("b", "inner", [2, null]),
    partOf("r", "b", [1, null]),
    partOf("r", "a", [0, 1]),
    partOf("elsewhere", "x", [0, 1]),
    runOf("r"),
  ];
  const next = treeWith(tree, heard);
  assert.equal(next.status, "succeeded");
  assert.deepEqual(
    next.subruns.map(({ id, status }) => [id, status]),
    [
      ["a", "succeeded"],
      ["b", "running"],
      ["inner", "running"],
    ],
  );
});

test("every run of a tree has one row, within the span", () => {
  const runs = fc.array(fc.tuple(fc.nat(5), fc.nat(100), fc.nat(100)), { maxLength: 20 });
  fc.assert(
    fc.property(runs, (made) => {
      const parts = made.map(([parent, from, length], i) =>
        partOf(parent >= i ? "r" : `p${parent}`, `p${i}`, [from, from + length]),
      );
      const { rows } = layoutTree(treeOf(runOf("r"), parts), at(500));
      assert.equal(new Set(rows.map(({ run }) => run.id)).size, made.length + 1);
      for (const { left, width } of rows) {
        assert.ok(left >= 0 && width >= 0 && left + width <= 1 + 1e-9);
      }
    }),
  );
});

for (const [length, ticks] of [
  [10_000, [2000, 4000, 6000, 8000]],
  [95_000, [30_000, 60_000, 90_000]],
  [5, [1, 2, 3, 4]],
  [0.5, []],
] as const) {
  test(`a span of ${length} ms has round marks`, () => assert.deepEqual(ticksOf(length, 5), ticks));
}
