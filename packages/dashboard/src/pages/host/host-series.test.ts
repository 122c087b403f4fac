import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostSeriesView } from "@belfry/contract";
import {
  columnOf,
  columnsOf,
  combine,
  hostSeriesOf,
  joinHostSeries,
  meanOf,
  speaks,
  withGaps,
  withoutUnfinished,
} from "./host-series.ts";

function view(
  starts_ms: readonly number[],
  items: Record<string, readonly (number | string | null)[]>,
): HostSeriesView {
  return {
    step: 5,
    starts_ms: [...starts_ms],
    items: Object.entries(items).map(([text, avg]) => {
      const [name = "", device] = text.split(" ");
      const values = avg.map((value) => (value === "NaN" ? ("NaN" as const) : Number(value)));
      return {
        name,
        labels: device === undefined ? {} : { device },
        avg: values.map((value, i) => (avg[i] === null ? null : value)),
        min: null,
        max: null,
      };
    }),
  };
}

test("buckets in which nothing was sampled are left out; what is no number is a gap", () => {
  const series = hostSeriesOf(
    view([0, 5000, 10_000, 15_000], { a: [1, null, 3, null], b: [null, null, "NaN", 4] }),
  );
  assert.deepEqual(series.timeline.times, [0, 10_000, 15_000]);
  assert.deepEqual(columnOf(series, "a"), [1, 3, null]);
  assert.deepEqual(columnOf(series, "b"), [null, null, 4]);
  assert.equal(columnOf(series, "c"), undefined);
});

test("columns of a metric are told apart by their labels, and stand in their order", () => {
  const series = hostSeriesOf(view([0], { "a sdb": [2], "a sda": [1], "ab sda": [9] }));
  assert.deepEqual(columnsOf(series, "a"), [
    { labels: { device: "sda" }, values: [1] },
    { labels: { device: "sdb" }, values: [2] },
  ]);
});

test("what is new takes the place of the last bucket; a series that is new begins where it does", () => {
  const former = hostSeriesOf(view([0, 5000, 10_000], { a: [1, 2, 3] }));
  const tail = hostSeriesOf(view([10_000, 15_000], { a: [3.5, 4], b: [null, 7] }));
  const joined = joinHostSeries(former, tail, { from: 5000, to: 20_000 });
  assert.deepEqual(joined.timeline.times, [5000, 10_000, 15_000]);
  assert.deepEqual(columnOf(joined, "a"), [2, 3.5, 4]);
  assert.deepEqual(columnOf(joined, "b"), [null, null, 7]);
});

test("a bucket that is not over is left out", () => {
  const series = hostSeriesOf(view([0, 15_000, 30_000], { a: [1, 2, 0.5] }));
  assert.deepEqual(columnOf(withoutUnfinished(series, 29_000), "a"), [1, 2]);
  assert.deepEqual(columnOf(withoutUnfinished(series, 30_000), "a"), [1, 2, 0.5]);
});

test("nothing new leaves what was known", () => {
  const former = hostSeriesOf(view([0, 5000], { a: [1, 2] }));
  const joined = joinHostSeries(former, hostSeriesOf(view([5000], {})), { from: 0, to: 9000 });
  assert.deepEqual(columnOf(joined, "a"), [1, 2]);
});

test("a silence is a gap in every column", () => {
  const series = hostSeriesOf(view([0, 5000, 30_000], { a: [1, 2, 3] }));
  assert.deepEqual(columnOf(withGaps(series, 12_500), "a"), [1, 2, null, 3]);
  assert.deepEqual(columnOf(withGaps(series, 60_000), "a"), [1, 2, 3]);
});

test("columns are combined where all of them have a value", () => {
  const sum = (a: number, b: number): number => a + b;
  assert.deepEqual(
    combine(
      [
        [1, null, 3],
        [10, 20, null],
      ],
      sum,
    ),
    [11, null, null],
  );
});

test("zero says nothing; means are of what is known", () => {
  assert.equal(speaks([0, null]), false);
  assert.equal(speaks([0, 0.1]), true);
  assert.equal(meanOf([1, null, 3]), 2);
  assert.equal(meanOf([null]), 0);
});
