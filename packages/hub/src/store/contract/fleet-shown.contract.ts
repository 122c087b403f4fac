/** What the store promises to processes that tell each other of monitors. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../../model/id.ts";
import type { ContractStores } from "./fixtures.ts";
import { auditOf, changeOf, create, everything, statusOf } from "./fixtures.ts";
import { checkedAt, join, shownOf } from "./fleet-fixtures.ts";

/** Runs where several processes share a database. */
export function shownContract({ open, createDatabase }: ContractStores): void {
  describe("what processes tell each other", () => {
    test("of checks is the newest, and read from where one looked last", async () => {
      const database = await createDatabase();
      await using store = await open(database);
      await using other = await open(database);
      const fence = await join(store);
      const { id } = await create(store);
      const empty = await other.shownSince(null);
      assert.deepEqual(empty.shown, []);
      const shown = checkedAt(shownOf(id), 3000);
      await store.commit(changeOf({ fence, shown: [checkedAt(shown, 2000), shown] }));
      await store.commit(changeOf({ fence, shown: [checkedAt(shown, 2500)] }));
      const found = await other.shownSince(empty.now);
      assert.deepEqual(found.shown, [shown]);
      assert.ok(found.now >= empty.now);
      assert.deepEqual((await other.shownSince(null)).shown, [shown]);
      assert.deepEqual((await other.shownSince(found.now + 60_000)).shown, []);
      await store.deleteMonitor(id, auditOf());
      assert.deepEqual((await other.shownSince(null)).shown, []);
    });

    test("of versions follows every change", async () => {
      await using store = await open();
      const first = await create(store);
      const second = await create(store);
      await store.updateMonitor(
        { ...second, version: 2 },
        { status: null, resetState: false },
        auditOf(),
      );
      assert.deepEqual(
        await store.monitorVersions(),
        new Map([
          [first.id, 1],
          [second.id, 2],
        ]),
      );
      const [found, ...others] = await store.monitorsOf([second.id, createId<"monitor">(1)]);
      assert.deepEqual(others, []);
      assert.deepEqual(found, { monitor: { ...second, version: 2 }, state: undefined });
    });

    test("to check now is heard once, by whoever asks for it", async () => {
      await using store = await open();
      const [first, second] = [await create(store), await create(store)];
      await store.requestChecks([first.id, second.id, createId<"monitor">(1)]);
      await store.requestChecks([first.id]);
      assert.deepEqual(await store.takeRequests([]), []);
      assert.deepEqual(await store.takeRequests([first.id]), [first.id]);
      assert.deepEqual(await store.takeRequests([first.id]), []);
      assert.deepEqual(await store.takeRequests([second.id, first.id]), [second.id]);
    });

    test("of what was heard is the latest, with what is shown of it", async () => {
      await using store = await open();
      const [first, second] = [await create(store), await create(store)];
      const { now } = await store.heardSince(null);
      await store.noteHeard([
        { id: first.id, at: 1000, shown: "{}" },
        { id: first.id, at: 3000 },
        { id: second.id, at: 2000 },
        { id: createId<"monitor">(1), at: 2000 },
      ]);
      await store.noteHeard([{ id: second.id, at: 2500 }]);
      const { heard } = await store.heardSince(now);
      const found = new Map(heard.map(({ id, ...rest }) => [id, rest]));
      assert.deepEqual(found.get(first.id), { at: 3000, shown: "{}" });
      assert.deepEqual(found.get(second.id), { at: 2500, shown: null });
      assert.equal(heard.length, 2);
    });

    test("of a gap ends what was known of each monitor, at its instant", async () => {
      await using store = await open();
      const statuses = ["up", "down", "maintenance", "paused", "unknown"] as const;
      const monitors = [];
      for (const status of statuses) {
        const { id } = await create(store);
        await store.commit(changeOf({ statusChanges: [statusOf(id, status, 2000)] }));
        monitors.push({ id, status });
      }
      const items = monitors.map(({ id, status }) => ({ id, at: status === "down" ? 1500 : 5000 }));
      await store.endKnown([...items, { id: createId<"monitor">(1), at: 5000 }]);
      await store.endKnown(items);
      for (const { id, status } of monitors) {
        const last = (await store.statusIntervals(id, everything)).at(-1);
        if (status === "paused" || status === "unknown") {
          assert.deepEqual([last?.status, last?.from], [status, 2000]);
        } else {
          const from = status === "down" ? 2001 : 5000;
          assert.deepEqual(last, { status: "unknown", reason: "not_running", from, to: null });
        }
      }
    });
  });
}
