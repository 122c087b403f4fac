import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SeriesRangeView } from "@belfry/contract";
import {
  alignLines,
  breakAtGaps,
  emptyTimeline,
  joinTimelines,
  linesOf,
  speakingKeys,
  stackColumns,
  type Timeline,
  type Value,
} from "./timeline.ts";

function timeline(times: readonly number[], columns: Record<string, readonly Value[]>): Timeline {
  return { times, columns: new Map(Object.entries(columns)) };
}

const phase = (labels: Readonly<Record<string, string>>): string | undefined => labels["phase"];

test("samples become lines; what is no number is a gap", () => {
  const view: SeriesRangeView = {
    from_ms: 0,
    to_ms: 100,
    step_seconds: null,
    items: [
      { name: "d", labels: { phase: "tls" }, times_ms: [1, 2, 3], values: [0.5, "NaN", "+Inf"] },
      { name: "d", labels: {}, times_ms: [1], values: [1] },
    ],
  };
  assert.deepEqual(linesOf(view, phase), [
    { key: "tls", times: [1, 2, 3], values: [0.5, null, null] },
  ]);
});

test("buckets become their mean, or their highest", () => {
  const view: SeriesRangeView = {
    from_ms: 0,
    to_ms: 100,
    step_seconds: 10,
    items: [
      {
        name: "d",
        labels: { phase: "tls" },
        starts_ms: [0, 10_000],
        min: [1, 0],
        max: [3, 0],
        sum: [4, 0],
        count: [2, 0],
        last: [3, 0],
      },
    ],
  };
  assert.deepEqual(linesOf(view, phase)[0]?.values, [2, null]);
  assert.deepEqual(linesOf(view, phase, "max")[0]?.values, [3, 0]);
});

test("lines are put side by side over all their times; one key is one column", () => {
  const lines = [
    { key: "a", times: [1, 3], values: [10, 30] },
    { key: "b", times: [2, 3], values: [200, 300] },
    { key: "a", times: [4], values: [40] },
  ];
  assert.deepEqual(
    alignLines(lines),
    timeline([1, 2, 3, 4], { a: [10, null, 30, 40], b: [null, 200, 300, null] }),
  );
});

const joins: readonly (readonly [
  what: string,
  former: Timeline,
  tail: Timeline,
  from: number,
  joined: Timeline,
])[] = [
  [
    "what is newer takes the place of what was known",
    timeline([1, 2, 3], { a: [1, 2, 3] }),
    timeline([3, 4], { a: [33, 4] }),
    0,
    timeline([1, 2, 3, 4], { a: [1, 2, 33, 4] }),
  ],
  [
    "what lies before the span is dropped",
    timeline([1, 2, 3], { a: [1, 2, 3] }),
    timeline([4], { a: [4] }),
    2,
    timeline([2, 3, 4], { a: [2, 3, 4] }),
  ],
  [
    "a column that is new was not known before",
    timeline([1], { a: [1] }),
    timeline([2], { b: [2] }),
    0,
    timeline([1, 2], { a: [1, null], b: [null, 2] }),
  ],
  [
    "nothing new changes nothing",
    timeline([1], { a: [1] }),
    emptyTimeline,
    0,
    timeline([1], { a: [1] }),
  ],
  [
    "all of it may be old",
    timeline([1], { a: [1] }),
    timeline([9], { a: [9] }),
    5,
    timeline([9], { a: [9] }),
  ],
];
for (const [what, former, tail, from, joined] of joins) {
  test(`joining: ${what}`, () =>
    assert.deepEqual(joinTimelines(former, tail, { from, to: 100 }), joined));
}

test("joining a timeline cut anywhere gives it back", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
      fc.nat(),
      (unsorted, at) => {
        const times = unsorted.toSorted((a, b) => a - b);
        const whole = timeline(times, { a: times });
        const place = at % (times.length + 1);
        const overlap = Math.min(times.length, place + 2);
        const head = timeline(times.slice(0, overlap), { a: times.slice(0, overlap) });
        const tail = timeline(times.slice(place), { a: times.slice(place) });
        assert.deepEqual(joinTimelines(head, tail, { from: 0, to: 1000 }), whole);
      },
    ),
  );
});

test("a gap is drawn only where checks are missing", () => {
  const whole = timeline([0, 10, 40, 50], { a: [1, 2, 3, 4] });
  assert.deepEqual(
    breakAtGaps(whole, 20),
    timeline([0, 10, 25, 40, 50], { a: [1, 2, null, 3, 4] }),
  );
  assert.equal(breakAtGaps(whole, 30), whole);
});

test("columns are summed upwards; a gap in all of them stays a gap", () => {
  const whole = timeline([1, 2, 3], { a: [1, null, null], b: [10, 20, null] });
  assert.deepEqual(stackColumns(whole, ["a", "b", "missing"]), [
    [1, null, null],
    [11, 20, null],
    [11, 20, null],
  ]);
});

test("a column of nothing but zeros says nothing", () => {
  assert.deepEqual(
    speakingKeys(timeline([1, 2], { tls: [0, 0], connect: [null, 1], none: [null, null] })),
    ["connect"],
  );
});
