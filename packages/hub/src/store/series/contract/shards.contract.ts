/** What cutting large sources into shards promises: that nobody notices. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Frame, SeriesKey } from "../../../model/series.ts";
import { Bench, day, hour, key, minute, origin, type SeriesDatabase } from "./fixtures.ts";

const count = 1300;
const numbered = (from: number, to: number): readonly SeriesKey[] =>
  Array.from({ length: to - from }, (_, i) => key("m", { n: String(from + i) }));

const frameAt = (source: string, series: readonly SeriesKey[], time: number): Frame => ({
  source,
  series,
  times: Float64Array.of(time),
  values: Float64Array.from(series, ({ labels }) => Number(labels["n"])),
});

/** The keys of the shards there are, in the order of the shards. */
async function shardsIn({ database }: Bench, source: string): Promise<readonly string[]> {
  const keys = [source, ...[1, 2, 3, 4].map((shard) => `${source}#${shard}`)];
  const rows = await database.read((tables) => tables.sources(keys, false));
  return rows.map((row) => row.key).toSorted();
}

const valuesOf = async (bench: Bench, source: string, wanted: readonly number[]) => {
  const keys = wanted.map((n) => key("m", { n: String(n) }));
  const found = await bench.database.read((tables) =>
    bench.core.rawOf(tables, source, keys, { from: origin, to: origin + day }),
  );
  return found.map((one) => (one === undefined ? undefined : [...one.values]));
};

export function shardsContract(open: () => Promise<SeriesDatabase>): void {
  describe("shards", () => {
    for (const source of ["import:job/instance", "host:a"]) {
      test(`of ${source} are read and deleted as one`, async () => {
        await using database = await open();
        const bench = new Bench(database);
        const series = numbered(0, count);
        await bench.append(frameAt(source, series, origin));
        await bench.append({
          ...frameAt(source, series, origin + 1),
          series: series.toReversed(),
        });
        assert.deepEqual(await valuesOf(bench, source, [0, 511, 512, 1299]), [
          [0, 1299],
          [511, 788],
          [512, 787],
          [1299, 0],
        ]);
        assert.deepEqual(await shardsIn(bench, source), [source, `${source}#1`, `${source}#2`]);
        assert.equal(
          (await bench.list([{ label: "n", operator: "=~", value: "12.." }])).length,
          100,
        );
        await database.write((tables) => bench.core.deleteSource(tables, source));
        assert.deepEqual(await shardsIn(bench, source), []);
        assert.deepEqual(await bench.list([{ label: "__name__", operator: "=", value: "m" }]), []);
      });
    }

    test("are no more of a monitor, however many series it has", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(frameAt("monitor:a", numbered(0, count), origin));
      assert.deepEqual(await shardsIn(bench, "monitor:a"), ["monitor:a"]);
    });

    test("are found by names in one list, with buckets and newest samples", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const series = numbered(0, count);
      await bench.append(frameAt("host:a", series, origin));
      await bench.append(frameAt("host:a", series, origin + minute));
      const want = series.map(({ labels }) => String(labels["n"])).toSorted();
      const range = { from: origin, to: origin + hour };
      const buckets = await database.read((tables) =>
        bench.core.bucketsOfNames(tables, "host:a", ["m"], range, hour),
      );
      assert.deepEqual(
        buckets.map(({ key: { labels }, count: samples }) => [labels["n"], samples[0]]),
        want.map((n) => [n, 2]),
      );
      const newest = await bench.latestOf("host:a", ["m"], origin);
      assert.deepEqual(
        newest,
        want.map((n) => ["m", { n }, origin + minute, Number(n)]),
      );
    });

    test("carry the labels of their source, the newest ones", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const frame = frameAt("host:a", numbered(0, count), origin);
      const listed = async (instance: string) =>
        (await bench.list([{ label: "instance", operator: "=", value: instance }], 2000)).length;
      await bench.append({ ...frame, sourceLabels: { instance: "a" } });
      assert.equal(await listed("a"), count);
      await bench.append({ ...frame, sourceLabels: { instance: "b" } });
      assert.deepEqual([await listed("a"), await listed("b")], [0, count]);
    });

    test("keep what is remembered of one list right when one of them is deleted or given slots", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const series = numbered(0, 600);
      await bench.append(frameAt("host:a", series, origin));
      await bench.append(frameAt("host:a", series, origin + 1));
      const other = bench.newCore();
      const more = numbered(600, 700);
      await database.write((tables) => other.append(tables, [frameAt("host:a", more, origin)]));
      await bench.append(frameAt("host:a", series, origin + 2));
      assert.deepEqual(await valuesOf(bench, "host:a", [0, 599, 699]), [
        [0, 0, 0],
        [599, 599, 599],
        [699],
      ]);
      await database.write((tables) => other.deleteSource(tables, "host:a"));
      await bench.append(frameAt("host:a", series, origin + 3));
      assert.deepEqual(await valuesOf(bench, "host:a", [0, 599, 699]), [[0], [599], undefined]);
    });

    test("go from the last to the first when nothing is left of them", async () => {
      await using database = await open();
      const bench = new Bench(database, { rawMs: day, fiveMinutesMs: day, hourMs: 32 * day });
      await bench.append(frameAt("host:a", numbered(0, count), origin));
      await bench.maintain(origin + 3 * hour);
      bench.now = origin + 40 * day;
      await bench.append(frameAt("host:a", numbered(520, 530), bench.now));
      await bench.maintain(origin + 70 * day);
      // The second has new samples; the first would leave a hole.
      assert.deepEqual(await shardsIn(bench, "host:a"), ["host:a", "host:a#1"]);
      await bench.maintain(origin + 120 * day);
      assert.deepEqual(await shardsIn(bench, "host:a"), []);
    });
  });
}
