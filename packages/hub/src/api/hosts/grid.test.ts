import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SeriesBuckets } from "../../model/series.ts";
import { gridOf, onGrid, rateOnGrid } from "./grid.ts";

const stepMs = 10_000;

/** `[start in s, last, max]` */
type Bucket = readonly [number, number, number?];

/** Buckets of a counter. */
function counter(...buckets: readonly Bucket[]): SeriesBuckets {
  const column = (read: (bucket: Bucket) => number): Float64Array =>
    Float64Array.from(buckets, read);
  return {
    key: { name: "x_total", labels: {} },
    starts: column(([start]) => start * 1000),
    last: column(([, last]) => last),
    max: column(([, last, max]) => max ?? last),
    min: column(([, last]) => last),
    sum: column(([, last]) => last),
    count: column(() => 1),
  };
}

const table: readonly {
  title: string;
  buckets: readonly Bucket[];
  rates: readonly (number | null)[];
}[] = [
  {
    title: "grows evenly; the first rate comes from the bucket before",
    buckets: [
      [0, 100],
      [10, 200],
      [20, 300],
      [30, 400],
    ],
    rates: [10, 10, 10],
  },
  { title: "is not known before there are two", buckets: [[10, 200]], rates: [null, null, null] },
  {
    title: "began anew between two buckets: it grew from 0",
    buckets: [
      [0, 100],
      [10, 200],
      [20, 50],
    ],
    rates: [10, 5, null],
  },
  {
    title: "began anew within a bucket: it grew to its greatest and from 0",
    buckets: [
      [0, 100],
      [10, 20, 150],
    ],
    rates: [7, null, null],
  },
  {
    title: "is not known over a gap longer than is bridged",
    buckets: [
      [-30, 100],
      [10, 200],
      [20, 300],
    ],
    rates: [null, 10, null],
  },
  {
    title: "is bridged over a missing bucket",
    buckets: [
      [0, 100],
      [20, 300],
    ],
    rates: [null, 10, null],
  },
];

describe("the rate of a counter", () => {
  for (const { title, buckets, rates } of table) {
    test(title, () => {
      const grid = gridOf({ from: 10_000, to: 39_999 }, stepMs);
      assert.deepEqual(rateOnGrid(counter(...buckets), grid, 30_000), rates);
    });
  }
});

describe("a grid", () => {
  test("begins at a multiple of its step and contains both ends", () => {
    assert.deepEqual(gridOf({ from: 12_345, to: 30_000 }, stepMs), {
      from: 10_000,
      stepMs,
      length: 3,
    });
  });

  test("has null where there is no sample, and text where JSON has no number", () => {
    const grid = gridOf({ from: 10_000, to: 49_999 }, stepMs);
    const values = [1, Number.NaN, Number.NEGATIVE_INFINITY];
    const series = counter([10, 0], [20, 0], [40, 0]);
    assert.deepEqual(
      onGrid(series, grid, (i) => values[i] ?? 0),
      [1, "NaN", null, "-Inf"],
    );
  });
});
