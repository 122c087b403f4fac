/** What reading promises: which series a selector means, what a bucket is. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Selector } from "../../../model/series.ts";
import { Bench, frameOf, hour, key, minute, origin, type SeriesDatabase } from "./fixtures.ts";

export function readingContract(open: () => Promise<SeriesDatabase>): void {
  describe("selectors", () => {
    const cases: readonly (readonly [string, Selector, readonly string[]])[] = [
      ["a name", [{ label: "__name__", operator: "=", value: "up" }], ["up a", "up b", "up c"]],
      [
        "a name and a label",
        [
          { label: "__name__", operator: "=", value: "up" },
          { label: "job", operator: "=", value: "b" },
        ],
        ["up b"],
      ],
      [
        "a label that is not there",
        [
          { label: "__name__", operator: "=", value: "up" },
          { label: "none", operator: "=", value: "" },
        ],
        ["up a", "up b", "up c"],
      ],
      ["not a label", [{ label: "job", operator: "!=", value: "b" }], ["down a", "up a", "up c"]],
      [
        "an expression, anchored",
        [{ label: "job", operator: "=~", value: "a|b" }],
        ["down a", "up a", "up b"],
      ],
      [
        "an expression that matches a part",
        [{ label: "__name__", operator: "=~", value: "u" }],
        [],
      ],
      [
        "an expression over names",
        [{ label: "__name__", operator: "=~", value: "u.|down" }],
        ["down a", "up a", "up b", "up c"],
      ],
      [
        "not an expression",
        [
          { label: "__name__", operator: "!~", value: "d.*" },
          { label: "job", operator: "!~", value: "[ab]" },
        ],
        ["up c"],
      ],
    ];
    for (const [name, match, want] of cases) {
      test(`by ${name}`, async () => {
        await using database = await open();
        const bench = new Bench(database);
        const at = { times: Float64Array.of(origin), values: Float64Array.of(1) };
        for (const [metric, job] of [
          ["up", "b"],
          ["up", "c"],
          ["down", "a"],
          ["up", "a"],
        ] as const) {
          await bench.append({ source: `import:${job}/`, series: [key(metric, { job })], ...at });
        }
        const found = await bench.list(match);
        assert.deepEqual(
          found.map((one) => `${one.name} ${one.labels["job"]}`),
          want,
        );
        assert.deepEqual(await bench.list(match, 1), found.slice(0, 1));
      });
    }

    test("with an expression that is none are refused", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await assert.rejects(bench.list([{ label: "job", operator: "=~", value: "(" }]), {
        code: "invalid",
      });
    });
  });

  describe("buckets", () => {
    test("are whole at both ends of the range", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const samples = Array.from({ length: 120 }, (_, i) => [origin + i * 1000, i / 10] as const);
      await bench.append(frameOf("host:a", "m", ...samples));
      assert.deepEqual(
        await bench.bucketsOf("host:a", "m", minute, origin + 30_000, origin + 60_000),
        [
          [origin, 0, 5.9, 177, 60, 5.9],
          [origin + minute, 6, 11.9, 537, 60, 11.9],
        ].map((bucket, row) =>
          bucket.map((value, i) =>
            i === 3 ? sumOf(samples.slice(row * 60, row * 60 + 60)) : value,
          ),
        ),
      );
    });

    test("pass over NaN for min and max, but not for the sum", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(
        frameOf(
          "host:a",
          "m",
          [origin, Number.NaN],
          [origin + 1, 3],
          [origin + 2, 2],
          [origin + minute, Number.NaN],
        ),
      );
      const want = [
        [origin, 2, 3, Number.NaN, 3, 2],
        [origin + minute, Number.NaN, Number.NaN, Number.NaN, 1, Number.NaN],
      ];
      assert.deepEqual(await bench.bucketsOf("host:a", "m", minute, origin, origin + minute), want);
      await bench.maintain(origin + 3 * hour);
      const [bucket] = await bench.bucketsOf("host:a", "m", 5 * minute, origin, origin);
      assert.deepEqual(bucket, [origin, 2, 3, Number.NaN, 4, Number.NaN]);
    });

    test("of decimals have sums of as many decimals once they are sealed", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(
        frameOf("host:a", "m", [origin, 0.1], [origin + 1, 0.2], [origin + 2, 0.3]),
      );
      await bench.maintain(origin + 3 * hour);
      const [bucket] = await bench.bucketsOf("host:a", "m", hour, origin, origin);
      assert.equal(bucket?.[3], 0.6);
    });

    test("of a step that is no whole number are refused", async () => {
      await using database = await open();
      const bench = new Bench(database);
      for (const step of [0, -1, 0.5, Number.NaN]) {
        await assert.rejects(bench.bucketsOf("host:a", "m", step, origin, origin), {
          code: "invalid",
        });
      }
    });
  });
}

function sumOf(samples: readonly (readonly [number, number])[]): number {
  return samples.reduce((sum, [, value]) => sum + value, 0);
}
