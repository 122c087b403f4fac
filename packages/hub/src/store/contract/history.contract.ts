/** What the store promises about numeric history as the hub meets it, and about what grows old. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../../model/id.ts";
import { monitorSource } from "../../model/monitor-series.ts";
import type { Frame, SeriesKey } from "../../model/series.ts";
import type { ContractStores } from "./fixtures.ts";
import { auditOf, changeOf, create, everything, failedCheckOf, frameOf } from "./fixtures.ts";
import { keyOf, retention, statusOf } from "./fixtures.ts";

const success: SeriesKey = { name: "probe_success", labels: {} };

/** A whole five minutes, an hour ago. */
const start = Math.floor((Date.now() - 3_600_000) / 300_000) * 300_000;

export function historyContract({ open }: ContractStores): void {
  describe("samples of a change", () => {
    test("are kept with it, and seen by the next read", async () => {
      await using store = await open();
      const { id } = await create(store);
      for (const [i, value] of [1, 0, Number.NaN, Infinity].entries()) {
        await store.commit(changeOf({ frames: [frameOf(id, start + i, value)] }));
      }
      const [samples] = await store.rawOf(monitorSource(id), [success], everything);
      assert.deepEqual([...(samples?.times ?? [])], [start, start + 1, start + 2, start + 3]);
      assert.deepEqual([...(samples?.values ?? [])], [1, 0, Number.NaN, Infinity]);
    });

    test("are not kept when the change cannot be", async () => {
      await using store = await open();
      const { id } = await create(store);
      const bad = changeOf({
        frames: [frameOf(id, start, 1)],
        failedChecks: [failedCheckOf(id, { latencyMs: 1, checkedAt: Number.NaN })],
      });
      await assert.rejects(store.commit(bad), { name: "AppError" });
      assert.deepEqual(await store.rawOf(monitorSource(id), [success], everything), [undefined]);
      await store.commit(changeOf({ frames: [frameOf(id, start, 2)] }));
      const [samples] = await store.rawOf(monitorSource(id), [success], everything);
      assert.deepEqual([...(samples?.values ?? [])], [2]);
    });

    test("of a monitor that is gone are dropped, the others kept", async () => {
      await using store = await open();
      const { id } = await create(store);
      const gone = createId<"monitor">(1);
      await store.commit(changeOf({ frames: [frameOf(gone, start, 1), frameOf(id, start, 1)] }));
      const found = await store.raw([], everything, 10);
      assert.equal(found.length, 1);
      assert.equal((await store.seriesStats()).series, 1);
    });

    test("go with their monitor", async () => {
      await using store = await open();
      const [first, second] = [await create(store), await create(store)];
      const frames = [frameOf(first.id, start, 1), frameOf(second.id, start, 1)];
      await store.commit(changeOf({ frames }));
      await store.deleteMonitor(first.id, auditOf());
      const asked = [monitorSource(first.id), monitorSource(second.id)];
      const buckets = await store.bucketsOf(asked, success, everything, 300_000);
      assert.deepEqual(
        buckets.map((one) => one?.count[0]),
        [undefined, 1],
      );
      await store.commit(changeOf({ frames: [frameOf(second.id, start + 1, 1)] }));
    });
  });

  describe("samples of any source", () => {
    test("are appended, listed, read, aggregated and deleted", async () => {
      await using store = await open();
      const series = ["a", "b"].map((disk) => ({ name: "disk_used", labels: { disk } }));
      const frame: Frame = {
        source: "host:one",
        sourceLabels: { host: "one" },
        series,
        times: Float64Array.of(start, start + 1000),
        values: Float64Array.of(1, 3, 10, 30),
        present: Uint8Array.of(1, 1, 1, 0),
      };
      assert.deepEqual(await store.append([frame]), { accepted: 3, refused: 0 });
      const match = [{ label: "host", operator: "=", value: "one" }] as const;
      const shown = series.map(({ name, labels }) => ({
        name,
        labels: { ...labels, host: "one" },
      }));
      assert.deepEqual(await store.listSeries(match, 10), shown);
      const raw = await store.raw(match, everything, 10);
      assert.deepEqual(
        raw.map((one) => [...one.values]),
        [[1, 3], [10]],
      );
      const range = { from: start, to: start + 299_999 };
      const [first] = await store.buckets(match, range, 300_000, 10);
      assert.deepEqual(
        [first?.min, first?.max, first?.sum, first?.count, first?.last].map((one) => one?.[0]),
        [1, 3, 4, 2, 3],
      );
      assert.equal((await store.seriesStats()).samples, 3);
      await store.deleteSource("host:one");
      assert.deepEqual(await store.listSeries([], 10), []);
    });

    test("older than is kept are refused and counted", async () => {
      await using store = await open();
      const old = {
        ...frameOf(createId(1), Date.now() - retention.rawMs - 60_000, 1),
        source: "x",
      };
      assert.deepEqual(await store.append([old]), { accepted: 0, refused: 1 });
    });
  });

  describe("maintenance", () => {
    test("drops what nobody keeps, and leaves the rest", async () => {
      await using store = await open();
      const { id } = await create(store);
      const key = keyOf();
      await store.createKey(key, auditOf());
      const now = 2_000_000_000_000;
      const [oldFailure, failure] = [now - retention.rawMs - 1, now - retention.rawMs];
      const [oldEnd, end] = [now - retention.hourMs - 1, now - retention.hourMs];
      await store.commit(
        changeOf({
          failedChecks: [oldFailure, failure].map((checkedAt) => failedCheckOf(id, { checkedAt })),
          statusChanges: [statusOf(id, "up", oldEnd), statusOf(id, "down", end)],
        }),
      );
      const session = { keyId: key.id, csrf: "c", createdAt: now - 5000 };
      await store.createSession({ ...session, hash: "old", expiresAt: now - 1 });
      await store.createSession({ ...session, hash: "new", expiresAt: now });
      const answer = { principal: "p", requestHash: "h", status: 201, body: "" };
      await store.rememberAnswer({ ...answer, key: "old", at: now - 86_400_001 });
      await store.rememberAnswer({ ...answer, key: "new", at: now - 86_400_000 });
      const report = await store.maintain(now);
      assert.ok(report.elapsedMs >= 0);
      const failures = await store.failedChecks(id, everything, 10);
      assert.deepEqual(
        failures.map((one) => one.checkedAt),
        [failure],
      );
      const intervals = await store.statusIntervals(id, everything);
      assert.deepEqual(
        intervals.map((one) => one.status),
        ["up", "down"],
      );
      assert.equal(await store.session("old"), undefined);
      assert.ok((await store.session("new")) !== undefined);
      assert.equal(await store.rememberedAnswer("p", "old"), undefined);
      assert.ok((await store.rememberedAnswer("p", "new")) !== undefined);
    });
  });
}
