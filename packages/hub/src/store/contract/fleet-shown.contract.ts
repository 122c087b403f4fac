/** What the store promises to processes that tell each other of monitors. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { createId } from "../../model/id.ts";
import { thisTransaction } from "../operations/changed-in.ts";
import type { Store } from "../port.ts";
import type { ContractStores } from "./fixtures.ts";
import { auditOf, changeOf, create, everything, statusOf } from "./fixtures.ts";
import { checkedAt, join, shownOf } from "./fleet-fixtures.ts";

/** Runs where several processes share a database. */
export function shownContract({ open, createDatabase, openScope }: ContractStores): void {
  describe("what processes tell each other", { concurrency: 1 }, () => {
    let database: string;
    let store: Store;
    let other: Store;
    before(async () => {
      database = await createDatabase();
      store = await open(database);
      other = await open(database);
    });
    after(async () => {
      await other[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    });

    test("of checks is the newest, and read from where one looked last", async () => {
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
      await untilSeen(found.now, async (since) => {
        const { now, shown: again } = await other.shownSince(since);
        return { now, found: again };
      });
      assert.deepEqual((await other.shownSince(2 ** 52)).shown, [shown], "another server counted");
      await store.deleteMonitor(id, auditOf());
      assert.deepEqual((await other.shownSince(null)).shown, []);
    });

    test("is found although it was committed after what began later", async () => {
      await using late = await openScope(database);
      const fence = await join(store);
      const [first, second] = [await create(store), await create(store)];
      const seen = await late.scope.transaction(async (schema) => {
        await sql`insert into monitor_now (monitor_id, checked_at, changed_in, body)
          values (${first.id}, 2000, ${thisTransaction}, ${JSON.stringify(shownOf(first.id))})`.execute(
          schema,
        );
        await store.commit(changeOf({ fence, shown: [shownOf(second.id)] }));
        return store.shownSince(null);
      });
      assert.deepEqual(seen.shown, [shownOf(second.id)]);
      const { shown } = await store.shownSince(seen.now);
      assert.deepEqual(
        shown.find(({ monitorId }) => monitorId === first.id),
        shownOf(first.id),
      );
    });

    test("of versions follows every change", async () => {
      const first = await create(store);
      const second = await create(store);
      await store.updateMonitor(
        { ...second, version: 2 },
        { status: null, resetState: false },
        auditOf(),
      );
      const versions = await other.monitorVersions();
      assert.deepEqual([versions.get(first.id), versions.get(second.id)], [1, 2]);
      const [found, ...others] = await store.monitorsOf([second.id, createId<"monitor">(1)]);
      assert.deepEqual(others, []);
      assert.deepEqual(found, { monitor: { ...second, version: 2 }, state: undefined });
    });

    test("to check now is heard once, by whoever asks for it", async () => {
      const [first, second] = [await create(store), await create(store)];
      await store.requestChecks([first.id, second.id, createId<"monitor">(1)]);
      await store.requestChecks([first.id]);
      assert.deepEqual(await store.takeRequests([]), []);
      assert.deepEqual(await store.takeRequests([first.id]), [first.id]);
      assert.deepEqual(await store.takeRequests([first.id]), []);
      assert.deepEqual(await store.takeRequests([second.id, first.id]), [second.id]);
    });

    test("of what was heard is the latest, with what is shown of it", async () => {
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
      const expected = new Map([
        [first.id, { at: 3000, shown: "{}" }],
        [second.id, { at: 2500, shown: null }],
      ]);
      assert.deepEqual(new Map(heard.map(({ id, ...rest }) => [id, rest])), expected);
      await untilSeen(now, async (since) => {
        const later = await store.heardSince(since);
        return { now: later.now, found: later.heard };
      });
    });

    test("of a gap ends what was known of each monitor, at its instant", async () => {
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

/** What was seen is told again only while a transaction of that time is under way, of whichever database. */
async function untilSeen(
  since: number,
  look: (since: number) => Promise<{ readonly now: number; readonly found: readonly unknown[] }>,
): Promise<void> {
  let from = since;
  for (let left = 600; left > 0; left -= 1) {
    const { now, found } = await look(from);
    if (found.length === 0) return;
    from = now;
    await delay(50);
  }
  assert.fail("what was seen is told again and again");
}
