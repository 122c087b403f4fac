/** What the store promises about heartbeats and their calls. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { heartbeatKind, mostPings, type Ping } from "../../model/heartbeat.ts";
import { createId } from "../../model/id.ts";
import { auditOf, create, type ContractStores } from "./fixtures.ts";

const now = 1_700_000_000_000;

function pingOf(over: Partial<Ping> = {}): Ping {
  return {
    at: now,
    kind: "success",
    exitCode: null,
    rid: null,
    method: "POST",
    source: "192.0.2.1",
    userAgent: "curl/8",
    body: "done \ud83d\ude00",
    bodyBytes: 9,
    ownDurationMs: null,
    ...over,
  };
}

export function heartbeatContract({ engine, open, createDatabase }: ContractStores): void {
  describe("heartbeats", () => {
    test("keep what their calls came to, and the calls, over a restart", async () => {
      const database = await createDatabase();
      const { id } = await (async () => {
        await using store = await open(database);
        const monitor = await create(store, { kind: heartbeatKind });
        const start = { id: monitor.id, ping: pingOf({ kind: "start" as const }) };
        const end = {
          id: monitor.id,
          ping: pingOf({ kind: "fail", at: now + 2500, exitCode: 3, body: "a\0b" }),
        };
        const [, taken] = await store.takePings([start, end]);
        assert.deepEqual([taken?.n, taken?.durationMs], [2, 2500]);
        return monitor;
      })();
      await using store = await open(database);
      const [kept, ...others] = await store.heartbeats();
      assert.equal(others.length, 0);
      assert.deepEqual(
        [kept?.id, kept?.state.pings, kept?.state.verdict, kept?.state.open],
        [id, 2, "fail", []],
      );
      const [last, first] = await store.pings(id, { limit: 9 });
      assert.deepEqual(last, {
        n: 2,
        at: now + 2500,
        kind: "fail",
        exitCode: 3,
        rid: null,
        durationMs: 2500,
        method: "POST",
        source: "192.0.2.1",
        userAgent: "curl/8",
        body: "a\ufffdb",
        bodyBytes: 9,
      });
      assert.deepEqual([first?.n, first?.kind, first?.body], [1, "start", "done \ud83d\ude00"]);
      assert.deepEqual(await store.pings(id, { limit: 9, before: 2 }), [first]);
    });

    test("keep the newest calls, and those of one monitor beside those of another", async () => {
      await using store = await open();
      const busy = await create(store, { kind: heartbeatKind, id: createId<"monitor">(now) });
      const other = await create(store, { kind: heartbeatKind, id: createId<"monitor">(now) });
      await store.takePings([{ id: other.id, ping: pingOf() }]);
      for (let group = 0; group < 5; group += 1) {
        const pings = Array.from({ length: 60 }, () => ({ id: busy.id, ping: pingOf() }));
        await store.takePings(pings);
      }
      const kept = await store.pings(busy.id, { limit: 1000 });
      assert.ok(kept.length >= mostPings && kept.length < mostPings + 20, `${kept.length}`);
      assert.deepEqual([kept[0]?.n, kept[mostPings - 1]?.n], [300, 300 - mostPings + 1]);
      assert.equal((await store.pings(other.id, { limit: 9 })).length, 1);
    });

    test("go with their monitor, and a call of one that is gone is not taken", async () => {
      await using store = await open();
      const monitor = await create(store, { kind: heartbeatKind });
      const call = { id: monitor.id, ping: pingOf() };
      await store.takePings([call]);
      await store.deleteMonitor(monitor.id, auditOf());
      assert.deepEqual(await store.heartbeats(), []);
      assert.deepEqual(await store.pings(monitor.id, { limit: 9 }), []);
      assert.deepEqual(await store.takePings([call]), [null]);
    });

    test("note up to when nobody knows whether they were called, and never go back", async () => {
      await using store = await open();
      const { id } = await create(store, { kind: heartbeatKind });
      await store.excuseHeartbeats([{ id, until: now }]);
      await store.excuseHeartbeats([
        { id, until: now - 5000 },
        { id: createId<"monitor">(now), until: now },
      ]);
      const [kept] = await store.heartbeats();
      assert.deepEqual([kept?.state.excusedAt, kept?.state.pings], [now, 0]);
    });

    const alone = engine === "sqlite" ? { skip: "one process has the file" } : {};
    test("count each call once, however many hubs are called", alone, async () => {
      const database = await createDatabase();
      await using stack = new AsyncDisposableStack();
      const stores = await Promise.all([open(database), open(database), open(database)]);
      for (const store of stores) stack.use(store);
      const [first] = stores;
      const { id } = await create(first, { kind: heartbeatKind });
      const taken = await Promise.all(
        Array.from({ length: 10 }, () =>
          stores.map((store) =>
            store.takePings([
              { id, ping: pingOf() },
              { id, ping: pingOf() },
            ]),
          ),
        ).flat(),
      );
      const numbers = taken.flat().map((one) => one?.n ?? 0);
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        Array.from({ length: 60 }, (_, n) => n + 1),
      );
      assert.equal((await first.heartbeats())[0]?.state.pings, 60);
      assert.equal((await first.pings(id, { limit: 99 })).length, 60);
    });
  });
}
