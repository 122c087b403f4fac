/** What the store promises about monitors. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../../model/id.ts";
import type { Store } from "../port.ts";
import * as fixture from "./fixtures.ts";
import { auditOf, changeOf, create, everything, statusOf, upState } from "./fixtures.ts";

const load = async (store: Store, id: string) =>
  (await store.loadMonitors()).find((one) => one.monitor.id === id);

export function monitorContract({ open, createDatabase }: fixture.ContractStores): void {
  describe("monitors", () => {
    test("come back exactly as they went in", async () => {
      await using store = await open();
      const monitor = await create(store, {
        name: "ü 𝄞 \u0001 ' \" \\",
        settings: { url: "http://x/", body: "\u0000 nul and \ud800 lone surrogate", n: 0.1 },
        labels: { a: "1", b: "" },
        dependsOn: [createId(1)],
        enabled: false,
        judging: {
          downAfter: 3,
          upAfter: 2,
          retryIntervalMs: 1500,
          degradedAfterMs: 250.5,
          degradedCertificateDays: null,
        },
        createdAt: 2 ** 45,
      });
      assert.deepEqual(await load(store, monitor.id), { monitor, state: undefined });
    });

    test("are listed from the oldest to the newest, with their states", async () => {
      await using store = await open();
      const late = await create(store, { createdAt: 3000 });
      const early = await create(store, { createdAt: 1000 });
      await store.commit(changeOf({ judged: [{ monitorId: late.id, state: upState }] }));
      assert.deepEqual(await store.loadMonitors(), [
        { monitor: early, state: undefined },
        { monitor: late, state: upState },
      ]);
    });

    test("begin with the status interval they are made with, and an audit entry", async () => {
      await using store = await open();
      const monitor = await create(store, { enabled: false });
      assert.deepEqual(await store.statusIntervals(monitor.id, everything), [
        { status: "paused", reason: null, from: 1000, to: null },
      ]);
      const [entry] = await store.auditEntries({ limit: 1 });
      assert.equal(entry?.resourceId, monitor.id);
    });

    test("are refused when the id is taken, and then no audit is written", async () => {
      await using store = await open();
      const monitor = await create(store);
      const again = store.createMonitor(monitor, statusOf(monitor.id, "up", 5), auditOf());
      await assert.rejects(again, { code: "conflict" });
      assert.equal((await store.auditEntries({ limit: 10 })).length, 1);
      const intervals = await store.statusIntervals(monitor.id, everything);
      assert.deepEqual(
        intervals.map((one) => one.status),
        ["pending"],
      );
    });

    test("are refused when their name holds U+0000", async () => {
      await using store = await open();
      const monitor = fixture.monitorOf({ name: "a\0b" });
      const stored = store.createMonitor(monitor, statusOf(monitor.id, "up", 5), auditOf());
      await assert.rejects(stored, { code: "invalid", detail: /name .* U\+0000/ });
      assert.deepEqual(await store.loadMonitors(), []);
    });

    const updates = [
      { title: "by the next version", version: 2, expected: "updated", name: "changed" },
      { title: "not by the same version", version: 1, expected: "version_mismatch", name: "api" },
      { title: "not by one too far", version: 3, expected: "version_mismatch", name: "api" },
    ] as const;
    for (const { title, version, expected, name } of updates) {
      test(`are replaced ${title}`, async () => {
        await using store = await open();
        const monitor = await create(store);
        const changed = { ...monitor, name: "changed", version, updatedAt: 2000 };
        const audit = auditOf({ action: "update" });
        const options = { status: null, resetState: false };
        assert.equal(await store.updateMonitor(changed, options, audit), expected);
        assert.equal((await load(store, monitor.id))?.monitor.name, name);
        const audits = await store.auditEntries({ limit: 10 });
        assert.equal(audits.length, expected === "updated" ? 2 : 1);
      });
    }

    test("that do not exist cannot be replaced", async () => {
      await using store = await open();
      const options = { status: null, resetState: true };
      assert.equal(
        await store.updateMonitor(fixture.monitorOf({ version: 2 }), options, auditOf()),
        "missing",
      );
    });

    test("keep their state and interval when replaced, unless told otherwise", async () => {
      await using store = await open();
      const monitor = await create(store);
      await store.commit(changeOf({ judged: [{ monitorId: monitor.id, state: upState }] }));
      const second = { ...monitor, version: 2 };
      await store.updateMonitor(second, { status: null, resetState: false }, auditOf());
      assert.deepEqual((await load(store, monitor.id))?.state, upState);
      const paused = { ...monitor, enabled: false, version: 3 };
      const status = statusOf(monitor.id, "paused", 4000);
      await store.updateMonitor(paused, { status, resetState: true }, auditOf());
      assert.deepEqual(await load(store, monitor.id), { monitor: paused, state: undefined });
      assert.deepEqual(await store.statusIntervals(monitor.id, everything), [
        { status: "pending", reason: null, from: 1000, to: 4000 },
        { status: "paused", reason: null, from: 4000, to: null },
      ]);
    });

    test("are deleted with everything but their incidents and transitions", async () => {
      await using store = await open();
      const monitor = await create(store);
      const other = await create(store);
      const incident = fixture.incidentOf(monitor.id);
      await store.commitAlerting({ consumed: [], incidents: [incident] });
      await store.commit(
        changeOf({
          judged: [{ monitorId: monitor.id, state: upState }],
          statusChanges: [statusOf(monitor.id, "down", 2000, "timeout")],
          failedChecks: [fixture.failedCheckOf(monitor.id)],
          transitions: [fixture.transitionOf(monitor.id)],
        }),
      );
      assert.equal(await store.deleteMonitor(monitor.id, auditOf({ action: "delete" })), true);
      assert.deepEqual(
        (await store.loadMonitors()).map((one) => one.monitor.id),
        [other.id],
      );
      assert.deepEqual(await store.statusIntervals(monitor.id, everything), []);
      assert.deepEqual(await store.failedChecks(monitor.id, everything, 10), []);
      assert.deepEqual(await store.incident(incident.id), incident);
      assert.equal((await store.pendingTransitions(10)).length, 1);
      assert.equal((await store.auditEntries({ limit: 1 }))[0]?.action, "delete");
    });

    test("that do not exist are not deleted, and nothing is written about it", async () => {
      await using store = await open();
      assert.equal(await store.deleteMonitor(createId(1), auditOf()), false);
      assert.deepEqual(await store.auditEntries({ limit: 1 }), []);
    });

    test("survive a restart with all that is known of them", async () => {
      const { database, monitor } = await (async () => {
        const name = await createDatabase();
        await using store = await open(name);
        const made = await create(store);
        await store.commit(
          changeOf({
            judged: [{ monitorId: made.id, state: upState }],
            statusChanges: [statusOf(made.id, "up", 1500)],
          }),
        );
        await store.touchAlive(7000);
        return { database: name, monitor: made };
      })();
      await using store = await open(database);
      assert.deepEqual(await store.loadMonitors(), [{ monitor, state: upState }]);
      assert.equal(await store.readAlive(), 7000);
      assert.equal((await store.statusIntervals(monitor.id, everything)).length, 2);
    });
  });

  describe("the sign of life", () => {
    test("is absent at first, and never goes back", async () => {
      await using store = await open();
      assert.equal(await store.readAlive(), undefined);
      await store.touchAlive(5000);
      await store.touchAlive(4000);
      assert.equal(await store.readAlive(), 5000);
    });
  });
}
