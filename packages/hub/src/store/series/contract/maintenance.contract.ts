/** What maintenance promises: gathering, sealing, retention. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Frame } from "../../../model/series.ts";
import { Bench, day, frameOf, hour, key, minute, origin, type SeriesDatabase } from "./fixtures.ts";

export function maintenanceContract(open: () => Promise<SeriesDatabase>): void {
  describe("maintenance", () => {
    test("gathers batches and pieces of a window that goes on", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const want: (readonly [number, number])[] = [];
      for (let i = 0; i < 64 * 17; i += 1) {
        const sample = [origin + i * 1000, i % 7] as const;
        want.push(sample);
        await bench.append(frameOf("host:a", "m", sample));
        if (i % 64 === 63) await bench.maintain(sample[0]);
      }
      const levels = await database.read((tables) => tables.openWindows(null));
      const rowsOf = new Map(levels.map(({ level, rows }) => [level, rows]));
      assert.deepEqual([rowsOf.get(0), rowsOf.get(1), rowsOf.get(2)], [undefined, 1, 1]);
      assert.deepEqual(await bench.rawOf("host:a", "m"), want);
    });

    test("seals a window again when something came late, ten minutes later at the soonest", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(frameOf("host:a", "m", [origin, 1], [origin + 10 * minute, 5]));
      assert.equal((await bench.maintain(origin + 3 * hour)).sealed, 1);
      await bench.append(frameOf("host:a", "m", [origin + minute, 9]));
      const want = [[origin, 1, 9, 15, 3, 5]];
      assert.deepEqual(await bench.bucketsOf("host:a", "m", hour, origin, origin), want);
      assert.equal((await bench.maintain(origin + 3 * hour + minute)).sealed, 0);
      assert.equal((await bench.maintain(origin + 3 * hour + 10 * minute)).sealed, 1);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", hour, origin, origin), want);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", 5 * minute, origin, origin + hour), [
        [origin, 1, 9, 10, 2, 9],
        [origin + 10 * minute, 5, 5, 5, 1, 5],
      ]);
    });

    test("seals windows of many sources one after another, all within the hour", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const sources = Array.from({ length: 60 }, (_, i) => `host:${i}`);
      await bench.append(...sources.map((source) => frameOf(source, "m", [origin, 1])));
      const perMinute: number[] = [];
      for (let at = 0; at <= 60; at += 1) {
        const { sealed } = await bench.maintain(origin + 2 * hour + at * minute);
        if (sealed > 0) perMinute.push(sealed);
      }
      assert.equal(
        perMinute.reduce((sum, one) => sum + one, 0),
        60,
      );
      assert.ok(Math.max(...perMinute) <= 2, `sealed ${perMinute.join(", ")}`);
    });

    test("drops whole windows by age, and answers from what is left", async () => {
      await using database = await open();
      const bench = new Bench(database, {
        rawMs: 6 * hour,
        fiveMinutesMs: 2 * day,
        hourMs: 64 * day,
      });
      await bench.append(
        frameOf(
          "host:a",
          "m",
          [origin + minute, 1],
          [origin + 6 * minute, 3],
          [origin + 7 * minute, 4],
        ),
      );
      await bench.maintain(origin + 3 * hour);
      await bench.append(frameOf("host:a", "m", [origin + 3 * hour, 8]));
      const from = origin;
      const to = origin + 4 * hour;
      await bench.maintain(origin + 9 * hour);
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[origin + 3 * hour, 8]]);
      // A minute is finer than what is left: the bucket of five stands where it begins.
      assert.deepEqual(await bench.bucketsOf("host:a", "m", minute, from, to), [
        [origin, 1, 1, 1, 1, 1],
        [origin + 5 * minute, 3, 4, 7, 2, 4],
        [origin + 3 * hour, 8, 8, 8, 1, 8],
      ]);
      await bench.maintain(origin + 4 * day);
      assert.deepEqual(await bench.rawOf("host:a", "m"), []);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", 5 * minute, from, to), [
        [origin, 1, 4, 8, 3, 4],
        [origin + 3 * hour, 8, 8, 8, 1, 8],
      ]);
      await bench.maintain(origin + 100 * day);
      assert.equal(await bench.rawOf("host:a", "m"), undefined);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.deepEqual([stats.series, stats.samples, stats.rollupBytes], [0, 0, 0]);
    });

    test("leaves every resolution its part of a chart, each sample counted once", async () => {
      await using database = await open();
      const bench = new Bench(database, { rawMs: 6 * hour, fiveMinutesMs: 2 * day });
      let appended = 0;
      const end = origin + 5 * day + 7 * hour;
      for (let at = origin + 4 * minute; at < end; at += 20 * minute) {
        bench.now = at;
        await bench.append(frameOf("host:a", "m", [at, at / minute]));
        appended += 1;
        if (appended % 9 === 0) await bench.maintain(at);
      }
      await bench.maintain(end);
      for (const step of [7 * minute, 30 * minute, hour, 3 * hour]) {
        const found = await bench.bucketsOf("host:a", "m", step, origin, end);
        const starts = found.map((bucket) => bucket[0] ?? 0);
        assert.deepEqual(
          starts,
          [...new Set(starts)].toSorted((a, b) => a - b),
        );
        assert.equal(
          found.reduce((sum, bucket) => sum + (bucket[4] ?? 0), 0),
          appended,
        );
        assert.ok(
          found.every((bucket) => (bucket[5] ?? 0) * minute >= (bucket[0] ?? 0)),
          "the last value of a bucket is not older than it",
        );
      }
    });

    test("keeps within the byte cap by dropping the oldest windows, and refuses samples there", async () => {
      await using database = await open();
      const noise = (from: number): Frame =>
        frameOf(
          "host:a",
          "m",
          ...Array.from({ length: 500 }, (_, i) => [from + i * 1000, Math.sin(i * from)] as const),
        );
      const bench = new Bench(database, { maxBytes: 9_000 });
      for (const n of [0, 1, 2, 3]) {
        await bench.append(noise(origin + n * 2 * hour));
        await bench.maintain(origin + n * 2 * hour + 30 * minute);
      }
      await bench.maintain(origin + 7 * hour);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.ok(stats.chunkBytes + stats.rollupBytes + stats.writeAheadBytes <= 9_000);
      const left = await bench.rawOf("host:a", "m");
      const first = left?.[0]?.[0] ?? 0;
      assert.ok(first >= origin + 4 * hour, "the newest windows are left");
      assert.deepEqual(await bench.append(frameOf("host:a", "m", [origin, 1])), {
        accepted: 0,
        refused: 1,
      });
      assert.equal(
        (await bench.bucketsOf("host:a", "m", 2 * hour, origin, origin + 7 * hour)).length,
        4,
      );
    });

    test("merges buckets of past days and months into one block each", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const series = [key("m")];
      for (let at = origin; at < origin + 33 * day; at += 2 * hour) {
        bench.now = at;
        await bench.append({
          source: "host:a",
          series,
          times: Float64Array.of(at),
          values: Float64Array.of(at / hour),
        });
        await bench.maintain(at);
      }
      await bench.maintain(origin + 34 * day);
      const id = (await database.read((tables) => tables.sources(["host:a"], false)))[0]?.id ?? 0;
      for (const resolution of [1, 2] as const) {
        const blocks = await database.read((tables) =>
          tables.blocks([id], resolution, origin, origin + 31 * day),
        );
        assert.deepEqual(
          blocks.map((block) => block.level),
          Array(resolution === 1 ? 32 : 1).fill(3),
        );
      }
      const hours = await bench.bucketsOf("host:a", "m", hour, origin, origin + 33 * day);
      assert.equal(hours.length, 33 * 12);
      assert.deepEqual(
        hours.at(-1),
        [origin + 33 * day - 2 * hour, ...Array<number>(2).fill(0), 0, 1, 0].map((value, i) =>
          i === 0 || i === 4 ? value : (origin + 33 * day) / hour - 2,
        ),
      );
      const days = await bench.bucketsOf("host:a", "m", day, origin, origin + 33 * day - 1);
      assert.deepEqual(
        days.map((bucket) => bucket[4]),
        Array(33).fill(12),
      );
    });
  });
}
