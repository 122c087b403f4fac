/** What reading all of one source promises: buckets by names, newest samples, numbers of samples. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SeriesKey } from "../../../model/series.ts";
import { Bench, day, frameOf, hour, key, minute, origin, type SeriesDatabase } from "./fixtures.ts";

const series: readonly SeriesKey[] = [
  key("load", {}),
  key("cpu", { mode: "user", cpu: "1" }),
  key("cpu", { mode: "idle" }),
  key("disk", { device: "sda" }),
];

export function sourceContract(open: () => Promise<SeriesDatabase>): void {
  describe("buckets by names", () => {
    test("are of every series with one of them, sorted, with their own labels", async () => {
      await using database = await open();
      const bench = new Bench(database);
      for (const source of ["host:a", "host:b"]) {
        await bench.append({
          source,
          sourceLabels: { host: source },
          series,
          times: Float64Array.of(origin, origin + minute),
          values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8),
        });
      }
      const range = { from: origin, to: origin + hour };
      const read = (names: readonly string[]) =>
        database.read((tables) =>
          bench.core.bucketsOfNames(tables, "host:a", names, range, 5 * minute),
        );
      const found = await read(["load", "cpu", "none", "load"]);
      assert.deepEqual(
        found.map((one) => [one.key, [...one.starts], [...one.sum], [...one.count]]),
        [
          [series[1], [origin], [7], [2]],
          [series[2], [origin], [11], [2]],
          [series[0], [origin], [3], [2]],
        ],
      );
      await bench.maintain(origin + 3 * hour);
      assert.deepEqual(await read(["load", "cpu"]), found);
      assert.deepEqual(await read([]), []);
      const nobody = await database.read((tables) =>
        bench.core.bucketsOfNames(tables, "host:c", ["load"], range, minute),
      );
      assert.deepEqual(nobody, []);
    });
  });

  describe("newest samples", () => {
    test("are of every series with one of the names, wherever their rows are", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const all = (time: number, values: number[], present?: number[]) =>
        bench.append({
          source: "host:a",
          series,
          times: Float64Array.of(time),
          values: Float64Array.from(values),
          ...(present === undefined ? {} : { present: Uint8Array.from(present) }),
        });
      await all(origin, [1, 2, 3, 4]);
      await bench.maintain(origin + 3 * hour);
      await all(origin + 3 * hour, [5, 6, 0, 8], [1, 1, 0, 1]);
      await all(origin + 3 * hour + minute, [9, 0, 0, 0], [1, 0, 0, 0]);
      const names = ["load", "cpu"];
      assert.deepEqual(await bench.latestOf("host:a", names, origin), [
        ["cpu", series[1]?.labels, origin + 3 * hour, 6],
        ["cpu", series[2]?.labels, origin, 3],
        ["load", {}, origin + 3 * hour + minute, 9],
      ]);
      assert.deepEqual(await bench.latestOf("host:a", names, origin + 1), [
        ["cpu", series[1]?.labels, origin + 3 * hour, 6],
        ["load", {}, origin + 3 * hour + minute, 9],
      ]);
      assert.deepEqual(await bench.latestOf("host:a", names, origin + day), []);
      assert.deepEqual(await bench.latestOf("host:b", names, origin), []);
    });

    test("of one instant are what was written last, late writing makes nothing newer", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const write = (value: number, ...times: number[]) =>
        bench.append(frameOf("host:a", "m", ...times.map((time) => [time, value] as const)));
      await write(1, origin, origin + 1000);
      await write(2, origin, origin + 1000, origin + 500_000);
      await write(3, origin + 1000, origin + 2000);
      await write(4, origin + 500_000);
      await write(5, origin + 3000);
      const want = [["m", {}, origin + 500_000, 4]];
      assert.deepEqual(await bench.latestOf("host:a", ["m"], origin), want);
      await bench.maintain(origin + 3 * hour);
      assert.deepEqual(await bench.latestOf("host:a", ["m"], origin), want);
      await write(6, origin + 500_000);
      assert.deepEqual(await bench.latestOf("host:a", ["m"], origin), [
        ["m", {}, origin + 500_000, 6],
      ]);
    });
  });

  describe("the number of samples", () => {
    test("counts the instants of one series in the range, each once", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const minutes = Array.from({ length: 200 }, (_, i) => [origin + i * minute, i] as const);
      await bench.append(frameOf("host:a", "m", ...minutes));
      await bench.append(
        frameOf("host:a", "m", [origin, 9]),
        frameOf("host:a", "n", [origin + 1, 1]),
      );
      const counts = async () => [
        await bench.count("host:a", "m", -Infinity, Infinity),
        await bench.count("host:a", "m", origin + minute, origin + 130 * minute),
        await bench.count("host:a", "n", origin, origin + hour),
        await bench.count("host:a", "none", origin, origin + hour),
        await bench.count("host:b", "m", origin, origin + hour),
      ];
      assert.deepEqual(await counts(), [200, 130, 1, 0, 0]);
      await bench.maintain(origin + 5 * hour);
      assert.deepEqual(await counts(), [200, 130, 1, 0, 0]);
    });
  });
}
