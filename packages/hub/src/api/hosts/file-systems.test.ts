import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SeriesBuckets } from "../../model/series.ts";
import { fullIn } from "./file-systems.ts";

/** Buckets of five minutes with these means. */
function trend(...means: readonly number[]): SeriesBuckets {
  const ones = means.map(() => 1);
  const column = Float64Array.from(means);
  return {
    key: { name: "node_filesystem_avail_bytes", labels: {} },
    starts: Float64Array.from(means, (_, i) => i * 300_000),
    sum: column,
    count: Float64Array.from(ones),
    min: column,
    max: column,
    last: column,
  };
}

const table: readonly { title: string; means: readonly number[]; expected: number | null }[] = [
  {
    title: "300 bytes in five minutes of 6000 that are left",
    means: [8100, 7800, 7500, 7200, 6900, 6600, 6300, 6000],
    expected: 6000,
  },
  { title: "it gets emptier", means: [1, 2, 3, 4, 5, 6, 7, 8], expected: null },
  { title: "it stays as it is", means: [5, 5, 5, 5, 5, 5, 5, 5], expected: null },
  { title: "too little is known", means: [9000, 8000, 7000, 6000], expected: null },
  {
    title: "it goes up and down",
    means: [9000, 6000, 9100, 6100, 9000, 6000, 9100, 6000],
    expected: null,
  },
  {
    title: "it takes more than ten years",
    means: [6e9 + 700, 6e9 + 600, 6e9 + 500, 6e9 + 400, 6e9 + 300, 6e9 + 200, 6e9 + 100, 6e9],
    expected: null,
  },
];

describe("the time until a file system is full", () => {
  for (const { title, means, expected } of table) {
    test(`${expected ?? "is not told"}: ${title}`, () =>
      assert.equal(fullIn(trend(...means), means.at(-1) ?? 0), expected));
  }

  test("is 0 for one that is full already and still comes down", () =>
    assert.equal(fullIn(trend(7, 6, 5, 4, 3, 2, 1, 0), 0), 0));
});
