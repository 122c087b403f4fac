/** What appending promises: exact values, which value wins, which slots are given. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Bench, day, frameOf, hour, key, minute, origin, type SeriesDatabase } from "./fixtures.ts";

export function appendingContract(open: () => Promise<SeriesDatabase>): void {
  describe("appending", () => {
    test("gives back every float as it went in, before and after sealing", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const values = [
        0,
        -0,
        Number.NaN,
        Infinity,
        -Infinity,
        2 ** 53,
        2 ** 53 + 2,
        Number.MIN_VALUE,
        0.1,
        -1e300,
        42,
      ];
      const samples = values.map((value, i) => [origin + i * 1000, value] as const);
      assert.deepEqual(await bench.append(frameOf("host:a", "m", ...samples)), {
        accepted: 11,
        refused: 0,
      });
      assert.deepEqual(await bench.rawOf("host:a", "m"), samples);
      assert.equal((await bench.maintain(origin + 3 * hour)).sealed, 1);
      assert.deepEqual(await bench.rawOf("host:a", "m"), samples);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.deepEqual([stats.series, stats.samples, stats.writeAheadBytes], [1, 11, 0]);
    });

    test("keeps the last value of an instant, and the same sample once", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const at = origin + minute;
      await bench.append(frameOf("host:a", "m", [at, 1]), frameOf("host:a", "m", [at, 2]));
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[at, 2]]);
      await bench.maintain(origin + 3 * hour);
      await bench.append(frameOf("host:a", "m", [at, 2]));
      await bench.append(frameOf("host:a", "m", [at, 3]));
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[at, 3]]);
      await bench.maintain(origin + 4 * hour);
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[at, 3]]);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", hour, origin, at), [
        [origin, 3, 3, 3, 1, 3],
      ]);
    });

    test("of a series that stands twice in a frame keeps the later column", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const series = [key("m"), key("n"), key("m")];
      await bench.append({
        source: "host:a",
        series,
        times: Float64Array.of(origin),
        values: Float64Array.of(1, 2, 3),
      });
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[origin, 3]]);
    });

    test("refuses what is older than the raw retention or a day ahead, and counts it", async () => {
      await using database = await open();
      const bench = new Bench(database, { rawMs: day });
      const times = [origin - day - 1, origin - day, origin, origin + day - 1, origin + day];
      const result = await bench.append(
        frameOf("host:a", "m", ...times.map((time) => [time, 1] as const)),
      );
      assert.deepEqual(result, { accepted: 3, refused: 2 });
      assert.deepEqual(
        (await bench.rawOf("host:a", "m"))?.map(([time]) => time),
        times.slice(1, 4),
      );
      assert.deepEqual(await bench.append(frameOf("host:b", "m", [0, 1])), {
        accepted: 0,
        refused: 1,
      });
      assert.deepEqual(await bench.list([{ label: "__name__", operator: "=", value: "m" }]), [
        key("m"),
      ]);
    });

    const badTimes: readonly (readonly [string, readonly number[]])[] = [
      ["times that repeat", [origin, origin]],
      ["times that go back", [origin, origin - 1]],
      ["a time that is not whole", [origin + 0.5]],
      ["a time that is no number", [Number.NaN]],
    ];
    for (const [name, times] of badTimes) {
      test(`refuses a frame with ${name}, and keeps nothing of the call`, async () => {
        await using database = await open();
        const bench = new Bench(database);
        const bad = frameOf("host:a", "m", ...times.map((time) => [time, 1] as const));
        await assert.rejects(bench.append(frameOf("host:b", "m", [origin, 1]), bad), {
          code: "invalid",
        });
        assert.equal(await bench.rawOf("host:b", "m"), undefined);
      });
    }

    test("of columns with gaps keeps the gaps", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const times = Float64Array.of(origin, origin + 1000, origin + 2 * hour);
      const present = Uint8Array.of(1, 0, 1, 0, 0, 0);
      const series = [key("m"), key("n")];
      const result = await bench.append({
        source: "host:a",
        series,
        times,
        values: Float64Array.of(1, 2, 3, 4, 5, 6),
        present,
      });
      assert.deepEqual(result, { accepted: 2, refused: 0 });
      assert.deepEqual(await bench.rawOf("host:a", "m"), [
        [origin, 1],
        [origin + 2 * hour, 3],
      ]);
      assert.deepEqual(await bench.rawOf("host:a", "n"), []);
    });

    test("gives the same series the same slot after a rollback, a restart and from two hubs", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const lost = new Error("rolled back");
      await bench.append(frameOf("host:a", "m", [origin, 1]));
      await assert.rejects(
        database.write(async (tables) => {
          await bench.core.append(tables, [
            frameOf("host:a", "lost", [origin, 9]),
            frameOf("host:b", "lost", [origin, 9]),
          ]);
          throw lost;
        }),
        lost,
      );
      const other = bench.newCore();
      await database.write((tables) => other.append(tables, [frameOf("host:a", "n", [origin, 2])]));
      await bench.append(
        frameOf("host:a", "lost", [origin + 1, 3]),
        frameOf("host:b", "m", [origin, 4]),
      );
      await database.write((tables) =>
        other.append(tables, [frameOf("host:a", "lost", [origin + 2, 5])]),
      );
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[origin, 1]]);
      assert.deepEqual(await bench.rawOf("host:a", "n"), [[origin, 2]]);
      assert.deepEqual(await bench.rawOf("host:a", "lost"), [
        [origin + 1, 3],
        [origin + 2, 5],
      ]);
      assert.deepEqual(await bench.rawOf("host:b", "m"), [[origin, 4]]);
    });
  });

  describe("sources", () => {
    test("give their newest labels to all their series, which stay whole", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const frame = frameOf("monitor:1", "probe_success", [origin, 1]);
      await bench.append({ ...frame, sourceLabels: { monitor: "1", instance: "a" } });
      await bench.append({
        ...frame,
        times: Float64Array.of(origin + 1),
        sourceLabels: { monitor: "1", instance: "b" },
      });
      const found = await database.read((tables) =>
        bench.core.raw(
          tables,
          [{ label: "instance", operator: "=", value: "b" }],
          { from: origin, to: origin + 9 },
          10,
        ),
      );
      assert.deepEqual(found, [
        {
          key: key("probe_success", { monitor: "1", instance: "b" }),
          times: Float64Array.of(origin, origin + 1),
          values: Float64Array.of(1, 1),
        },
      ]);
      assert.deepEqual(await bench.list([{ label: "instance", operator: "=", value: "a" }]), []);
    });

    test("that were deleted are gone, and may come again", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(frameOf("host:a", "m", [origin, 1]), frameOf("host:a", "n", [origin, 1]));
      await bench.maintain(origin + 3 * hour);
      await bench.append(frameOf("host:a", "m", [origin + 1, 2]));
      await database.write((tables) => bench.newCore().deleteSource(tables, "host:a"));
      assert.equal(await bench.rawOf("host:a", "m"), undefined);
      await database.write((tables) => bench.core.deleteSource(tables, "host:a"));
      await bench.append(frameOf("host:a", "n", [origin + 5, 7]));
      assert.deepEqual(await bench.rawOf("host:a", "n"), [[origin + 5, 7]]);
      assert.equal(await bench.rawOf("host:a", "m"), undefined);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.deepEqual(
        [stats.series, stats.samples, stats.chunkBytes, stats.rollupBytes],
        [1, 1, 0, 0],
      );
    });
  });
}
