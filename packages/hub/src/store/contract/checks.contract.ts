/** What the store promises about decisions on checks. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../../model/id.ts";
import type { StatusInterval, Store } from "../port.ts";
import * as fixture from "./fixtures.ts";
import { changeOf, create, everything, failedCheckOf, statusOf, upState } from "./fixtures.ts";

type Row = readonly [StatusInterval["status"], number, number | null];

const rows = (intervals: readonly StatusInterval[]): Row[] =>
  intervals.map((one) => [one.status, one.from, one.to]);

export function checkContract({ open }: fixture.ContractStores): void {
  describe("status intervals", () => {
    const table: { title: string; changes: Row[]; expected: Row[] }[] = [
      {
        title: "follow one another without a gap",
        changes: [
          ["up", 2000, null],
          ["down", 3000, null],
        ],
        expected: [
          ["pending", 1000, 2000],
          ["up", 2000, 3000],
          ["down", 3000, null],
        ],
      },
      {
        title: "go on when the same status is said again",
        changes: [
          ["up", 2000, null],
          ["up", 3000, null],
        ],
        expected: [
          ["pending", 1000, 2000],
          ["up", 2000, null],
        ],
      },
      {
        title: "begin in the past, but not before the open one",
        changes: [
          ["up", 5000, null],
          ["down", 3000, null],
        ],
        expected: [
          ["pending", 1000, 5000],
          ["down", 5000, null],
        ],
      },
      {
        title: "that would last no time are replaced",
        changes: [
          ["up", 2000, null],
          ["down", 2000, null],
          ["up", 2000, null],
          ["degraded", 2001, null],
        ],
        expected: [
          ["pending", 1000, 2000],
          ["up", 2000, 2001],
          ["degraded", 2001, null],
        ],
      },
      {
        title: "may replace the first of all",
        changes: [["up", 500, null]],
        expected: [["up", 1000, null]],
      },
    ];
    for (const { title, changes, expected } of table) {
      const say = (id: ReturnType<typeof fixture.monitorOf>["id"]) =>
        changes.map(([status, at]) => statusOf(id, status, at));
      test(`${title}, in changes of their own`, async () => {
        await using store = await open();
        const { id } = await create(store);
        for (const change of say(id)) await store.commit(changeOf({ statusChanges: [change] }));
        assert.deepEqual(rows(await store.statusIntervals(id, everything)), expected);
      });
      test(`${title}, in one change`, async () => {
        await using store = await open();
        const { id } = await create(store);
        await store.commit(changeOf({ statusChanges: say(id) }));
        assert.deepEqual(rows(await store.statusIntervals(id, everything)), expected);
      });
    }

    const ranges: { title: string; from: number; to: number; expected: Row[] }[] = [
      { title: "before the first", from: 0, to: 999, expected: [] },
      { title: "at the first instant", from: 0, to: 1000, expected: [["pending", 1000, 2000]] },
      { title: "within one", from: 2200, to: 2300, expected: [["up", 2000, 3000]] },
      { title: "from the end of one on", from: 2000, to: 2500, expected: [["up", 2000, 3000]] },
      {
        title: "across two",
        from: 2999,
        to: 3000,
        expected: [
          ["up", 2000, 3000],
          ["down", 3000, null],
        ],
      },
      { title: "after the last change", from: 9000, to: 9999, expected: [["down", 3000, null]] },
    ];
    test("are found by the range they overlap", async (t) => {
      await using store = await open();
      const { id } = await create(store);
      const statusChanges = [statusOf(id, "up", 2000), statusOf(id, "down", 3000, "refused")];
      await store.commit(changeOf({ statusChanges }));
      for (const { title, from, to, expected } of ranges) {
        await t.test(title, async () => {
          assert.deepEqual(rows(await store.statusIntervals(id, { from, to })), expected);
        });
      }
      assert.equal((await store.statusIntervals(id, everything)).at(-1)?.reason, "refused");
    });

    test("of many monitors are read at once, each by itself", async () => {
      await using store = await open();
      const monitors = [];
      for (let i = 0; i < 3; i += 1) monitors.push(await create(store));
      const [first, second] = monitors;
      assert.ok(first !== undefined && second !== undefined);
      await store.commit(changeOf({ statusChanges: [statusOf(first.id, "up", 2000)] }));
      const unknown = createId<"monitor">(1);
      const found = await store.statusIntervalsOf([first.id, unknown, second.id], everything);
      assert.deepEqual([...found.keys()], [first.id, unknown, second.id]);
      assert.deepEqual([...found.values()].map(rows), [
        [
          ["pending", 1000, 2000],
          ["up", 2000, null],
        ],
        [],
        [["pending", 1000, null]],
      ]);
    });
  });

  describe("a gap in which Belfry was not running", () => {
    const table: { title: string; status: Row[0]; since: number; expected: Row[] }[] = [
      {
        title: "ends what was known",
        status: "up",
        since: 2000,
        expected: [
          ["up", 2000, 5000],
          ["unknown", 5000, null],
        ],
      },
      {
        title: "leaves what began after the last sign of life",
        status: "down",
        since: 6000,
        expected: [
          ["down", 6000, 6001],
          ["unknown", 6001, null],
        ],
      },
      {
        title: "ends maintenance, of which nobody knows how it went on",
        status: "maintenance",
        since: 2000,
        expected: [
          ["maintenance", 2000, 5000],
          ["unknown", 5000, null],
        ],
      },
      {
        title: "leaves a pause",
        status: "paused",
        since: 2000,
        expected: [["paused", 2000, null]],
      },
      {
        title: "leaves what was not known",
        status: "unknown",
        since: 2000,
        expected: [["unknown", 2000, null]],
      },
    ];
    for (const { title, status, since, expected } of table) {
      test(title, async () => {
        await using store = await open();
        const { id } = await create(store);
        await store.commit(changeOf({ statusChanges: [statusOf(id, status, since)] }));
        await store.closeGap(5000);
        await store.closeGap(5000);
        const found = await store.statusIntervals(id, everything);
        assert.deepEqual(rows(found), [["pending", 1000, since], ...expected]);
        if (expected.length === 2) assert.equal(found.at(-1)?.reason, "not_running");
      });
    }
  });

  describe("failed checks", () => {
    test("come back newest first, without evidence, at most the limit", async () => {
      await using store = await open();
      const { id } = await create(store);
      const failedChecks = [1000, 3000, 2000].map((checkedAt) => failedCheckOf(id, { checkedAt }));
      await store.commit(changeOf({ failedChecks }));
      const found = await store.failedChecks(id, { from: 1000, to: 3000 }, 2);
      const { evidence: _, ...newest } = failedCheckOf(id, { checkedAt: 3000 });
      assert.deepEqual(found[0], newest);
      assert.deepEqual(
        found.map((one) => one.checkedAt),
        [3000, 2000],
      );
      assert.equal((await store.failedChecks(id, { from: 1001, to: 1999 }, 9)).length, 0);
    });

    test("of one instant at one location count once", async () => {
      await using store = await open();
      const { id } = await create(store);
      const failure = failedCheckOf(id, { latencyMs: null, evidence: null });
      const elsewhere = failedCheckOf(id, { location: "elsewhere" });
      await store.commit(changeOf({ failedChecks: [failure, failure] }));
      await store.commit(changeOf({ failedChecks: [failure, elsewhere] }));
      const found = await store.failedChecks(id, everything, 9);
      assert.deepEqual(
        found.map((one) => one.location),
        ["local", "elsewhere"],
      );
    });

    test("whose message holds U+0000 are kept with a sign in its place", async () => {
      await using store = await open();
      const { id } = await create(store);
      await store.commit(changeOf({ failedChecks: [failedCheckOf(id, { message: "a\0b" })] }));
      assert.equal((await store.failedChecks(id, everything, 1))[0]?.message, "a\uFFFDb");
    });
  });

  describe("a change", () => {
    test("is kept whole, and the newest state replaces the former", async () => {
      await using store = await open();
      const { id } = await create(store);
      const down = { ...upState, status: "down", since: 2000, lastKnown: "down" } as const;
      await store.commit(changeOf({ judged: [{ monitorId: id, state: upState }] }));
      const transitions = [fixture.transitionOf(id), fixture.transitionOf(id, { flapping: true })];
      await store.commit(changeOf({ judged: [{ monitorId: id, state: down }], transitions }));
      assert.deepEqual((await store.loadMonitors())[0]?.state, down);
      const pending = await store.pendingTransitions(10);
      assert.deepEqual(
        pending.map((one) => one.transition),
        transitions,
      );
    });

    test("with a mark are written once, however often they are handed over", async () => {
      await using store = await open();
      const { id } = await create(store);
      const transitions = [fixture.transitionOf(id)];
      const mark = { writer: "queue-1", number: 4, at: 1000 };
      for (const one of [mark, mark, { ...mark, number: 3 }]) {
        await store.commit(changeOf({ transitions, mark: one }));
      }
      assert.equal((await store.pendingTransitions(9)).length, 1);
      await store.commit(changeOf({ transitions, mark: { ...mark, number: 5 } }));
      await store.commit(changeOf({ transitions, mark: { ...mark, writer: "queue-2" } }));
      assert.equal((await store.pendingTransitions(9)).length, 3);
    });

    test("drops what belongs to monitors that are gone, and keeps the rest", async () => {
      await using store = await open();
      const { id } = await create(store);
      const gone = createId<"monitor">(1);
      await store.commit(
        changeOf({
          judged: [gone, id].map((monitorId) => ({ monitorId, state: upState })),
          statusChanges: [gone, id].map((monitorId) => statusOf(monitorId, "up", 2000)),
          failedChecks: [gone, id].map((monitorId) => failedCheckOf(monitorId)),
        }),
      );
      assert.deepEqual((await store.loadMonitors())[0]?.state, upState);
      assert.equal((await store.failedChecks(id, everything, 9)).length, 1);
      assert.equal((await store.failedChecks(gone, everything, 9)).length, 0);
      assert.deepEqual(await store.statusIntervals(gone, everything), []);
    });

    test("of thousands of monitors fits", async () => {
      await using store = await open();
      const made = Array.from({ length: 1203 }, () => create(store));
      const ids = (await Promise.all(made)).map((one) => one.id);
      await store.commit(
        changeOf({
          judged: ids.map((monitorId) => ({ monitorId, state: upState })),
          statusChanges: ids.map((monitorId) => statusOf(monitorId, "down", 2000, "timeout")),
          failedChecks: ids.map((monitorId) => failedCheckOf(monitorId)),
          transitions: ids.map((monitorId) => fixture.transitionOf(monitorId)),
        }),
      );
      assert.equal((await store.pendingTransitions(5000)).length, ids.length);
      const intervals = await store.statusIntervalsOf(ids, everything);
      assert.ok([...intervals.values()].every((one) => one.length === 2));
      const states = (await store.loadMonitors()).map((one) => one.state);
      assert.ok(states.every((state) => state?.status === "up"));
    });

    test("that cannot be written is not written in part", async () => {
      await using store = await open();
      const { id } = await create(store);
      const change = changeOf({
        statusChanges: [statusOf(id, "up", 2000)],
        failedChecks: [failedCheckOf(id, { checkedAt: Number.NaN })],
      });
      const others = [create(store), create(store)];
      await assert.rejects(store.commit(change), { name: "AppError" });
      await Promise.all(others);
      assert.deepEqual(rows(await store.statusIntervals(id, everything)), [
        ["pending", 1000, null],
      ]);
      assert.equal((await store.loadMonitors()).length, 3);
    });
  });

  describe("a write that was awaited", () => {
    test("is seen by the next read", async () => {
      await using store: Store = await open();
      const { id } = await create(store);
      for (let at = 2000; at < 2040; at += 1) {
        await store.commit(changeOf({ failedChecks: [failedCheckOf(id, { checkedAt: at })] }));
        assert.equal((await store.failedChecks(id, everything, 1))[0]?.checkedAt, at);
      }
    });
  });
}
