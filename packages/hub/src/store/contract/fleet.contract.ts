/** What the store promises to several processes on one database; on SQLite there is one. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { shareCounts, shareNames, type FleetProcess } from "../../model/fleet.ts";
import { createId } from "../../model/id.ts";
import type { Store } from "../port.ts";
import type { ContractStores } from "./fixtures.ts";
import {
  auditOf,
  changeOf,
  create,
  everything,
  failedCheckOf,
  frameOf,
  statusOf,
  transitionOf,
  upState,
} from "./fixtures.ts";
import {
  countOf,
  join,
  leaseMs,
  noFigures,
  processOf,
  renew,
  settle,
  shortMs,
  shownOf,
  untilAlone,
} from "./fleet-fixtures.ts";
import { fleetRandomContract } from "./fleet-random.contract.ts";
import { shownContract } from "./fleet-shown.contract.ts";

/** Runs what holds on the engine. */
export function fleetContract(stores: ContractStores): void {
  if (stores.engine === "sqlite") return aloneContract(stores);
  shareContract(stores);
  fleetRandomContract(stores);
  fenceContract(stores);
  shownContract(stores);
}

function aloneContract({ open }: ContractStores): void {
  describe("a database that belongs to one process", () => {
    test("has no fleet, and nobody who could be told anything", async () => {
      await using store = await open();
      await assert.rejects(join(store), { code: "internal", detail: /only on PostgreSQL/ });
      await assert.rejects(store.members(), { code: "internal" });
      store.onHint(() => assert.fail("nobody is there"));
      await store.hint(["monitors"]);
    });

    test("stores changes of whoever decides", async () => {
      await using store = await open();
      const { id } = await create(store);
      const fence = createId<"process">(1);
      const change = changeOf({ fence, shown: [], judged: [{ monitorId: id, state: upState }] });
      assert.equal(await store.commit(change), "stored");
      assert.deepEqual((await store.loadMonitors())[0]?.state, upState);
    });
  });
}

function shareContract({ open }: ContractStores): void {
  // One database for all, one after another: whoever was there has left when the next begins.
  describe("shares", { concurrency: 1 }, () => {
    let store: Store;
    before(async () => {
      store = await open();
    });
    after(() => store[Symbol.asyncDispose]());
    afterEach(async () => {
      for (const { id } of await store.members()) await store.leaveFleet(id);
    });

    test("are all taken at once by a process that is alone", async () => {
      const id = await join(store);
      const before = Date.now();
      const first = await renew(store, id);
      assert.deepEqual(first.held.toSorted(), shareNames.toSorted());
      assert.ok(first.taken.every(({ freeSince }) => freeSince === null));
      assert.equal(first.taken.length, shareNames.length);
      assert.ok(Math.abs(first.now - before) < 60_000);
      assert.deepEqual(first.excess, { check: 0, hear: 0, duty: 0 });
      assert.equal(first.others, 0);
      const second = await renew(store, id);
      assert.deepEqual([second.taken, second.held.length], [[], shareNames.length]);
    });

    const spreads: {
      title: string;
      members: { over?: Partial<FleetProcess>; lagSeconds?: number }[];
      check: number[];
      hear: number[];
      duty: number[];
    }[] = [
      {
        title: "are spread evenly over three",
        members: [{}, {}, {}],
        check: [86, 85, 85],
        hear: [22, 21, 21],
        duty: [1, 1, 1],
      },
      {
        title: "are fewer where checks begin late",
        members: [{}, { lagSeconds: 2 }, { lagSeconds: 9 }],
        check: [146, 73, 37],
        hear: [37, 18, 9],
        duty: [2, 1, 0],
      },
      {
        title: "go only to those that may hold them",
        members: [{}, { over: { kind: "worker", holds: ["check"] } }],
        check: [128, 128],
        hear: [64, 0],
        duty: [3, 0],
      },
    ];
    for (const { title, members, check, hear, duty } of spreads) {
      test(title, async () => {
        const joined = [];
        for (const { over, lagSeconds = 0 } of members) {
          const id = await join(store, over);
          joined.push({ id, lagSeconds });
          await renew(store, id, { lagSeconds });
        }
        const renewals = await settle(store, joined);
        const held = renewals.flatMap((renewal) => renewal.held);
        assert.deepEqual(held.toSorted(), shareNames.toSorted(), "each is held once");
        const near = (kind: string, expected: readonly number[]): void => {
          const found = renewals.map((renewal) => countOf(renewal, kind));
          const isNear = found.every((count, i) => Math.abs(count - (expected[i] ?? 0)) <= 2);
          assert.ok(isNear, `${kind}: ${found.join()} instead of ${expected.join()}`);
        };
        near("check", check);
        near("hear", hear);
        assert.deepEqual(
          renewals.map((renewal) => countOf(renewal, "duty")),
          duty,
        );
      });
    }

    test("that are given up say since when they are free, and only a holder gives them up", async () => {
      const first = await join(store);
      const { held, now } = await renew(store, first);
      const second = await join(store, { holds: ["hear"] });
      assert.deepEqual((await renew(store, second)).held, [], "none is free");
      await store.releaseShares(second, ["check-0"]);
      assert.ok((await renew(store, first)).held.includes("check-0"));
      await store.releaseShares(
        first,
        held.filter((name) => name.startsWith("hear")),
      );
      const { taken } = await renew(store, second);
      assert.equal(taken.length, shareCounts.hear / 2);
      assert.ok(taken.every(({ freeSince }) => freeSince !== null && freeSince >= now));
    });

    test("of a process that leaves are free at once", async () => {
      const first = await join(store);
      const before = await renew(store, first);
      const second = await join(store);
      await store.leaveFleet(first);
      const after = await renew(store, second);
      assert.deepEqual([after.held.length, after.others], [shareNames.length, 0]);
      assert.ok(after.taken.every(({ freeSince }) => (freeSince ?? 0) >= before.now));
      assert.equal((await renew(store, first)).alive, false);
    });

    test("are free since whoever gives them up began nothing any more", async () => {
      const [first, second] = [await join(store), await join(store, { holds: ["hear"] })];
      const { held, now } = await renew(store, first);
      await store.releaseShares(
        first,
        held.filter((name) => name.startsWith("hear")),
        60_000,
      );
      const moved = await renew(store, second);
      assert.ok(moved.taken.every(({ freeSince }) => (freeSince ?? now) < now - 30_000));
      await store.leaveFleet(second, 600_000);
      const { taken } = await renew(store, first);
      assert.equal(taken.length, shareCounts.hear);
      assert.ok(taken.some(({ freeSince }) => (freeSince ?? now) < now - 300_000));
    });

    test("of a process that did not renew are taken, since it was seen last", async () => {
      const [dead, heir] = [await join(store), await join(store)];
      const last = await renew(store, dead, { leaseMs: shortMs });
      const { taken, held } = await untilAlone(store, heir);
      assert.equal(held.length, shareNames.length);
      const inherited = taken.filter(({ name }) => last.held.includes(name));
      assert.equal(inherited.length, last.held.length);
      assert.ok(inherited.every(({ freeSince }) => freeSince === last.now));
      const renewal = await renew(store, dead);
      assert.deepEqual([renewal.alive, renewal.held, renewal.taken], [false, [], []]);
      const lapsed = (await store.members()).filter(({ lapsedAt }) => lapsedAt !== null);
      assert.deepEqual(
        lapsed.map(({ id }) => id),
        [dead],
      );
    });

    test("of processes that ended a day ago are forgotten with them", async () => {
      const [ended, alive] = [await join(store), await join(store)];
      await store.leaveFleet(ended);
      const idsAfter = async (ms: number) => {
        await store.maintain(Date.now() + ms);
        const ids = (await store.members()).map(({ id }) => id);
        return [ended, alive].filter((id) => ids.includes(id));
      };
      assert.deepEqual(await idsAfter(80_000_000), [ended, alive]);
      assert.deepEqual(await idsAfter(90_000_000), [alive]);
    });

    test("are taken by one each when many processes ask at once", async () => {
      const ids = await Promise.all(Array.from({ length: 5 }, () => join(store)));
      const renewals = await Promise.all(ids.map((id) => renew(store, id)));
      const held = renewals.flatMap((renewal) => renewal.held);
      assert.equal(new Set(held).size, held.length);
      const later = await settle(
        store,
        ids.map((id) => ({ id })),
      );
      assert.equal(later.flatMap((renewal) => renewal.held).length, shareNames.length);
    });

    test("are shown with who holds them", async () => {
      const process = processOf({ url: "http://127.0.0.1:1", location: "paris" });
      await store.joinFleet(process);
      await store.joinFleet(process);
      const figures = { ...noFigures, monitors: 7 };
      const { now } = await store.renewLease({ id: process.id, leaseMs, figures });
      const members = await store.members();
      const found = members.filter(({ id }) => id === process.id);
      const [member] = found;
      assert.ok(member !== undefined && found.length === 1);
      const order = members.map(({ kind, name }) => `${kind} ${name}`);
      assert.deepEqual(order, order.toSorted());
      const { joinedAt, readAt, ...rest } = member;
      assert.ok(joinedAt <= now && readAt >= now);
      assert.deepEqual(rest, {
        ...process,
        seenAt: now,
        until: now + leaseMs,
        lapsedAt: null,
        leftAt: null,
        figures,
        shares: shareCounts,
        duties: ["rules", "runs", "upkeep"],
      });
    });
  });
}

function fenceContract({ open, createDatabase }: ContractStores): void {
  describe("a change of a process", { concurrency: 1 }, () => {
    let store: Store;
    let other: Store;
    before(async () => {
      const database = await createDatabase();
      store = await open(database);
      other = await open(database);
    });
    after(async () => {
      await other[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    });

    test("is refused when it was taken for dead, left, or never joined", async () => {
      const { id } = await create(store);
      const [dead, heir] = [await join(store), await join(other)];
      const change = changeOf({
        judged: [{ monitorId: id, state: upState }],
        frames: [frameOf(id, Date.now(), 1)],
        transitions: [transitionOf(id)],
      });
      await renew(store, dead, { leaseMs: shortMs });
      await untilAlone(other, heir);
      assert.equal(await store.commit({ ...change, fence: dead }), "fenced");
      assert.equal(await store.commit({ ...change, fence: createId<"process">(1) }), "fenced");
      assert.deepEqual(await store.pendingTransitions(9), []);
      assert.equal((await store.monitorsOf([id]))[0]?.state, undefined);
      assert.equal(await store.commit({ ...change, fence: heir }), "stored");
      assert.equal((await store.pendingTransitions(9)).length, 1);
      await store.leaveFleet(heir);
      assert.equal(await store.commit({ ...change, fence: heir }), "fenced");
    });

    test("about an older version of a monitor is dropped, but for its samples", async () => {
      const fence = await join(store);
      const old = await create(store);
      const kept = await create(store, { createdAt: 2000 });
      const { samples } = await store.seriesStats();
      await store.updateMonitor(
        { ...old, version: 2, name: "renamed" },
        { status: null, resetState: true },
        auditOf(),
      );
      const at = Date.now();
      const ids = [old.id, kept.id];
      const change = changeOf({
        fence,
        mark: { writer: "queue", number: 1, at },
        judged: ids.map((monitorId) => ({ monitorId, state: upState })),
        statusChanges: ids.map((id) => statusOf(id, "down", 3000)),
        failedChecks: ids.map((id) => failedCheckOf(id)),
        transitions: ids.map((id) => transitionOf(id)),
        frames: ids.map((id) => frameOf(id, at, 1)),
        shown: ids.map((id) => shownOf(id)),
      });
      assert.equal(await store.commit(change), "stored");
      assert.equal(await store.commit(change), "stored");
      const states = await store.monitorsOf(ids);
      assert.deepEqual(
        states.map(({ monitor, state }) => [monitor.id, state]),
        [
          [old.id, undefined],
          [kept.id, upState],
        ],
      );
      assert.equal((await store.statusIntervals(old.id, everything)).length, 1);
      assert.equal((await store.statusIntervals(kept.id, everything)).length, 2);
      assert.deepEqual(await store.failedChecks(old.id, everything, 9), []);
      const pending = (await store.pendingTransitions(9)).map(({ transition }) => transition);
      assert.deepEqual(
        ids.filter((id) => pending.some(({ monitorId }) => monitorId === id)),
        [kept.id],
      );
      assert.deepEqual(
        (await store.shownOf(ids)).map(({ monitorId }) => monitorId),
        [kept.id],
      );
      assert.equal((await store.seriesStats()).samples, samples + 2);
    });

    test("about a monitor that is gone writes nothing of it", async () => {
      const fence = await join(store);
      const { id } = await create(store);
      const gone = createId<"monitor">(1);
      const shown = [gone, id].map((one) => shownOf(one));
      assert.equal(await store.commit(changeOf({ fence, shown })), "stored");
      assert.deepEqual(await store.shownOf([gone, id]), [shownOf(id)]);
    });
  });
}
