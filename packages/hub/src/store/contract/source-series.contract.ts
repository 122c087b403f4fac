/** What the store promises about all series of one source; the details are in `series/contract/`. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Frame, SeriesKey } from "../../model/series.ts";
import type { ContractStores } from "./fixtures.ts";

const minute = 60_000;
const source = "host:a";
const series: readonly SeriesKey[] = Array.from({ length: 600 }, (_, i) => ({
  name: i % 2 === 0 ? "even" : "odd",
  labels: { n: String(i) },
}));

/** A value for each series: its number. */
const frameAt = (time: number): Frame => ({
  source,
  sourceLabels: { host: "a" },
  series,
  times: Float64Array.of(time),
  values: Float64Array.from(series, (_, i) => i),
});

export function sourceSeriesContract({ open }: ContractStores): void {
  describe("series of a source", () => {
    test("are counted, read by names and deleted, in all their shards", async () => {
      await using store = await open();
      const end = Math.floor(Date.now() / minute) * minute;
      for (let i = 3; i >= 0; i -= 1) await store.append([frameAt(end - i * minute)]);
      const range = { from: end - 10 * minute, to: end };
      const [first, last] = [series[0], series.at(-1)];
      assert.ok(first !== undefined && last !== undefined);
      assert.equal(await store.countSamples(source, last, range), 4);

      const newest = await store.latestOf(source, ["odd"], end - minute);
      assert.equal(newest.length, 300);
      assert.deepEqual(newest.at(-1), {
        key: { name: "odd", labels: { n: "99" } },
        at: end,
        value: 99,
      });

      await store.deleteSamples(source, { from: end - 2 * minute, to: end - minute });
      for (const key of [first, last])
        assert.equal(await store.countSamples(source, key, range), 2);
      const buckets = await store.bucketsOfNames(source, ["even", "odd"], range, minute);
      assert.equal(buckets.length, 600);
      for (const { starts, last: values, key } of buckets) {
        assert.deepEqual([...starts], [end - 3 * minute, end]);
        assert.deepEqual([...values], [Number(key.labels["n"]), Number(key.labels["n"])]);
      }
    });

    test("may have a retention of their own", async () => {
      await using store = await open();
      await store.setRetention(new Map([[source, minute]]));
      const late = frameAt(Date.now() - 2 * minute);
      assert.deepEqual(await store.append([late]), { accepted: 0, refused: 600 });
      await assert.rejects(store.setRetention(new Map([[source, 0.5]])), { code: "invalid" });
      await store.setRetention(new Map());
      assert.deepEqual(await store.append([late]), { accepted: 600, refused: 0 });
      await store.maintain(Date.now());
      assert.equal((await store.seriesStats()).samples, 600);
    });
  });
}
