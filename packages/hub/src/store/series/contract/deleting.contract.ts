/** What deleting samples promises: exactly those of the range go, in every resolution. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Bench, day, frameOf, hour, minute, origin, type SeriesDatabase } from "./fixtures.ts";

/** A sample a minute, its value the number of its minute. */
const minutes = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => [origin + (from + i) * minute, from + i] as const);

const outside = (all: readonly (readonly [number, number])[], from: number, to: number) =>
  all.filter(([time]) => time < from || time > to);

export function deletingContract(open: () => Promise<SeriesDatabase>): void {
  describe("deleting samples", () => {
    const cases = [
      { title: "batches", maintainAt: null },
      { title: "sealed windows", maintainAt: origin + 11 * hour },
      { title: "sealed windows and batches", maintainAt: origin + 5 * hour },
    ];
    for (const { title, maintainAt } of cases) {
      test(`of ${title} takes both bounds and nothing else, from samples and buckets`, async () => {
        await using database = await open();
        const bench = new Bench(database);
        const all = minutes(0, 600);
        await bench.append(frameOf("host:a", "m", ...all));
        await bench.append(frameOf("host:b", "m", ...all));
        if (maintainAt !== null) await bench.maintain(maintainAt);
        const [from, to] = [origin + 93 * minute, origin + 7 * hour + 2 * minute];
        await bench.deleteSamples("host:a", from, to);
        const left = outside(all, from, to);
        const check = async () => {
          assert.deepEqual(await bench.rawOf("host:a", "m"), left);
          for (const step of [minute, 5 * minute, hour, day]) {
            assert.deepEqual(
              await bench.bucketsOf("host:a", "m", step, origin, origin + day),
              sums(left, step),
              `buckets of ${step}`,
            );
          }
          assert.deepEqual(await bench.rawOf("host:b", "m"), all);
        };
        await check();
        await bench.maintain(origin + 13 * hour);
        await check();
        await bench.maintain(origin + 25 * hour);
        await check();
      });
    }

    test("of everything leaves nothing, and the source may come again", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(frameOf("host:a", "m", ...minutes(0, 300)));
      await bench.maintain(origin + 3 * hour);
      await bench.deleteSamples("host:a", 0, Number.MAX_SAFE_INTEGER);
      assert.deepEqual(await bench.rawOf("host:a", "m"), []);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", hour, origin, origin + day), []);
      await bench.maintain(origin + 3 * hour);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.deepEqual([stats.series, stats.samples, stats.rollupBytes], [0, 0, 0]);
      await bench.append(frameOf("host:a", "m", [origin + 4 * hour, 1]));
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[origin + 4 * hour, 1]]);
    });

    test("keeps what comes after it, late as it may be", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(frameOf("host:a", "m", ...minutes(0, 120)));
      await bench.maintain(origin + 3 * hour);
      await bench.deleteSamples("host:a", origin, origin + hour - 1);
      await bench.append(frameOf("host:a", "m", [origin + minute, 7]));
      const want = [[origin + minute, 7], ...minutes(60, 120)];
      assert.deepEqual(await bench.rawOf("host:a", "m"), want);
      await bench.maintain(origin + 4 * hour);
      assert.deepEqual(await bench.rawOf("host:a", "m"), want);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", hour, origin, origin), [
        [origin, 7, 7, 7, 1, 7],
      ]);
    });

    test("takes a bucket as a whole when its samples were dropped before", async () => {
      await using database = await open();
      const bench = new Bench(database, { rawMs: 4 * hour });
      await bench.append(frameOf("host:a", "m", ...minutes(0, 120)));
      await bench.maintain(origin + 3 * hour);
      await bench.append(frameOf("host:a", "m", ...minutes(200, 210)));
      await bench.maintain(origin + 8 * hour);
      await bench.deleteSamples("host:a", origin + 61 * minute, origin + 71 * minute);
      const five = await bench.bucketsOf("host:a", "m", 5 * minute, origin, origin + day);
      const gone = [60, 65, 70].map((at) => origin + at * minute);
      assert.deepEqual(
        five.map(([start]) => start),
        sums([...minutes(0, 120), ...minutes(200, 210)], 5 * minute)
          .map(([start]) => start)
          .filter((start) => !gone.includes(start ?? 0)),
      );
      const hours = await bench.bucketsOf("host:a", "m", hour, origin, origin + day);
      assert.deepEqual(
        hours.map(([start]) => start),
        [origin, origin + 3 * hour],
      );
    });

    test("between two samples leaves them and their buckets as they are", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const all = minutes(0, 120);
      await bench.append(frameOf("host:a", "m", ...all));
      await bench.maintain(origin + 3 * hour);
      await bench.deleteSamples("host:a", origin + 1, origin + minute - 1);
      assert.deepEqual(await bench.rawOf("host:a", "m"), all);
      for (const step of [5 * minute, hour]) {
        const found = await bench.bucketsOf("host:a", "m", step, origin, origin + day);
        assert.deepEqual(found, sums(all, step));
      }
    });

    test("of an empty range and of nobody changes nothing", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(frameOf("host:a", "m", ...minutes(0, 120)));
      await bench.maintain(origin + 3 * hour);
      const before = await database.read((tables) => bench.core.stats(tables));
      await bench.deleteSamples("host:a", origin + hour, origin);
      await bench.deleteSamples("host:b", origin, origin + hour);
      assert.deepEqual(await database.read((tables) => bench.core.stats(tables)), before);
    });
  });
}

/** Buckets of samples whose values are small whole numbers. */
function sums(samples: readonly (readonly [number, number])[], step: number): number[][] {
  const groups = Map.groupBy(samples, ([time]) => Math.floor(time / step) * step);
  return [...groups].map(([start, group]) => {
    const values = group.map(([, value]) => value);
    const sum = values.reduce((a, b) => a + b, 0);
    return [
      start,
      Math.min(...values),
      Math.max(...values),
      sum,
      values.length,
      values.at(-1) ?? 0,
    ];
  });
}
