/** What a retention of their own promises for the samples of single sources. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Bench, day, frameOf, hour, key, minute, origin, type SeriesDatabase } from "./fixtures.ts";

const general = { rawMs: 2 * day, fiveMinutesMs: 4 * day, hourMs: 64 * day };

/** A sample at noon of each day. */
const days = (count: number) =>
  Array.from({ length: count }, (_, i) => [origin + i * day + 12 * hour, i] as const);

/** Appends a sample a day to each source, maintaining as time goes on. */
async function live(bench: Bench, sources: readonly string[], count: number): Promise<void> {
  for (const sample of days(count)) {
    bench.now = sample[0];
    for (const source of sources) await bench.append(frameOf(source, "m", sample));
    await bench.maintain(bench.now + 3 * hour);
  }
}

export function retentionContract(open: () => Promise<SeriesDatabase>): void {
  describe("a retention of its own", () => {
    test("keeps the samples of a source for less or for more time than those of others", async () => {
      await using database = await open();
      const bench = new Bench(database, general);
      await bench.setRetention(["host:short", day], ["host:long", 6 * day]);
      await live(bench, ["host:short", "host:long", "host:other"], 8);
      const left = async (source: string) =>
        (await bench.rawOf(source, "m"))?.map(([, value]) => value);
      assert.deepEqual(await left("host:short"), [7]);
      assert.deepEqual(await left("host:other"), [6, 7]);
      assert.deepEqual(await left("host:long"), [2, 3, 4, 5, 6, 7]);
    });

    test("keeps buckets as long as all others, or as long as the samples", async () => {
      await using database = await open();
      const bench = new Bench(database, general);
      await bench.setRetention(["host:short", day], ["host:long", 6 * day]);
      await live(bench, ["host:short", "host:long", "host:other"], 8);
      const five = async (source: string) => {
        const [row] = await database.read((tables) => tables.sources([source], false));
        const blocks = await database.read((tables) =>
          tables.blocks([row?.id ?? 0], 1, origin, origin + 9 * day),
        );
        return new Set(blocks.map((block) => (block.windowStart - origin) / day)).size;
      };
      const sizes = [await five("host:short"), await five("host:other"), await five("host:long")];
      assert.deepEqual(sizes, [5, 5, 7]);
      // A step that no bucket makes up is answered from samples, and from buckets where those are gone.
      for (const source of ["host:short", "host:long", "host:other"]) {
        const found = await bench.bucketsOf(source, "m", 7 * minute, origin, origin + 9 * day);
        assert.deepEqual(
          found.map((bucket) => bucket.at(-1)),
          [0, 1, 2, 3, 4, 5, 6, 7],
          source,
        );
      }
    });

    test("decides which samples are refused for their age", async () => {
      await using database = await open();
      const bench = new Bench(database, general);
      await bench.setRetention(["host:short", hour], ["host:long", 6 * day]);
      bench.now = origin + 10 * day;
      const samples = [5 * day, 3 * day, 2 * hour, minute].map(
        (age) => [bench.now - age, age] as const,
      );
      const refusedOf = async (source: string) =>
        (await bench.append(frameOf(source, "m", ...samples))).refused;
      assert.equal(await refusedOf("host:short"), 3);
      assert.equal(await refusedOf("host:other"), 2);
      assert.equal(await refusedOf("host:long"), 0);
    });

    test("replaces what was said before, and is seen by other hubs at once", async () => {
      await using database = await open();
      const bench = new Bench(database, general);
      const other = bench.newCore();
      bench.now = origin + 10 * day;
      const refused = (source: string) =>
        database.write(async (tables) => {
          const frame = frameOf(source, "m", [bench.now - 3 * day, 1]);
          return (await other.append(tables, [frame])).refused;
        });
      assert.deepEqual([await refused("host:a"), await refused("host:b")], [1, 1]);
      await bench.setRetention(["host:a", 6 * day]);
      assert.deepEqual([await refused("host:a"), await refused("host:b")], [0, 1]);
      await bench.setRetention(["host:b", 6 * day]);
      assert.deepEqual([await refused("host:a"), await refused("host:b")], [1, 0]);
      await bench.setRetention();
      assert.deepEqual([await refused("host:a"), await refused("host:b")], [1, 1]);
      await bench.maintain();
      assert.deepEqual(
        [await bench.rawOf("host:a", "m"), await bench.rawOf("host:b", "m")],
        [[], []],
      );
    });

    test("that was rolled back does not hold", async () => {
      await using database = await open();
      const bench = new Bench(database, general);
      const lost = new Error("rolled back");
      const setting = database.write(async (tables) => {
        await bench.core.setRetention(tables, new Map([["host:a", hour]]));
        await bench.core.append(tables, [frameOf("host:a", "m", [origin, 1])]);
        throw lost;
      });
      await assert.rejects(setting, lost);
      const result = await bench.append(frameOf("host:a", "m", [origin - day, 1]));
      assert.deepEqual(result, { accepted: 1, refused: 0 });
    });

    test("holds for all shards of a source", async () => {
      await using database = await open();
      const bench = new Bench(database, general);
      const series = Array.from({ length: 600 }, (_, i) => key("m", { n: String(i) }));
      await bench.setRetention(["host:a", 6 * day]);
      const values = new Float64Array(series.length);
      await bench.append({ source: "host:a", series, times: Float64Array.of(origin), values });
      await bench.maintain(origin + 5 * day);
      assert.equal(await countAll(bench), 600);
      await bench.maintain(origin + 7 * day);
      assert.equal(await countAll(bench), 0);
    });

    for (const ms of [0, -1, 1.5, Number.NaN, Infinity]) {
      test(`of ${ms} ms is refused`, async () => {
        await using database = await open();
        const bench = new Bench(database);
        await assert.rejects(bench.setRetention(["host:a", ms]), { code: "invalid" });
      });
    }
  });
}

async function countAll(bench: Bench): Promise<number> {
  return (await bench.database.read((tables) => bench.core.stats(tables))).samples;
}
