/** What the store promises about signals on their way to alerting, and groups of notices. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { AppError } from "../../model/error.ts";
import { createId } from "../../model/id.ts";
import { groupOf, noticeOf, signalOf } from "./alerting-fixtures.ts";
import { changeOf, incidentOf, transitionOf, type ContractStores } from "./fixtures.ts";

export function signalContract({ open }: ContractStores): void {
  describe("signals", () => {
    test("are handed out oldest first, as they were put, until they are consumed", async () => {
      await using store = await open();
      const hostile = signalOf({ message: "\u0000 \ud800 ü", labels: { "\u0000": "\u0000" } });
      await store.putSignals([signalOf({ message: "first" }), hostile]);
      await store.putSignals([signalOf({ message: "third" })]);
      await store.putSignals([]);
      const pending = await store.pendingSignals(2);
      assert.deepEqual(
        pending.map(({ signal }) => signal),
        [signalOf({ message: "first" }), hostile],
      );
      const signals = pending.map(({ sequence }) => sequence);
      await store.commitAlerting({ consumed: [], signals, incidents: [] });
      const rest = await store.pendingSignals(9);
      assert.deepEqual(
        rest.map(({ signal }) => signal.message),
        ["third"],
      );
    });

    test("have times in whole milliseconds, as incidents do", async () => {
      await using store = await open();
      await store.putSignals([signalOf({ at: 1000.4, decidedAt: 2000.6 })]);
      const [pending] = await store.pendingSignals(1);
      assert.deepEqual([pending?.signal.at, pending?.signal.decidedAt], [1000, 2001]);
    });

    test("are taken in by thousands, and consumed so", async () => {
      await using store = await open();
      await store.putSignals(Array.from({ length: 2500 }, (_, n) => signalOf({ message: `${n}` })));
      const pending = await store.pendingSignals(9999);
      assert.deepEqual(
        pending.map(({ signal }) => signal.message),
        Array.from({ length: 2500 }, (_, n) => `${n}`),
      );
      const signals = pending.map(({ sequence }) => sequence);
      await store.commitAlerting({ consumed: [], signals, incidents: [] });
      assert.deepEqual(await store.pendingSignals(9), []);
    });

    test("are consumed once: the second time nothing of the step is written", async () => {
      await using store = await open();
      const monitor = createId<"monitor">(1);
      await store.commit(changeOf({ transitions: [transitionOf(monitor)] }));
      await store.putSignals([signalOf(), signalOf()]);
      const [transition] = await store.pendingTransitions(9);
      const [first, second] = await store.pendingSignals(9);
      assert.ok(transition !== undefined && first !== undefined && second !== undefined);
      await store.commitAlerting({ consumed: [], signals: [first.sequence], incidents: [] });
      const again = store.commitAlerting({
        consumed: [transition.sequence],
        signals: [second.sequence, first.sequence],
        incidents: [incidentOf(monitor)],
        notices: [noticeOf(createId<"channel">(1), [createId<"incident">(1)])],
        groups: [groupOf()],
      });
      await assert.rejects(again, { code: "conflict" });
      assert.deepEqual(await store.pendingSignals(9), [second]);
      assert.deepEqual(await store.pendingTransitions(9), [transition]);
      assert.deepEqual(await store.openIncidents(), []);
      assert.deepEqual(await store.notices({ limit: 9 }), []);
      assert.deepEqual(await store.noticeGroups(), []);
    });
  });

  describe("groups of notices", () => {
    test("come back as they were written, are replaced, and are gone when nothing waits", async () => {
      await using store = await open();
      const first = groupOf({ key: "default|a|[]" });
      const second = groupOf({ key: 'r|b|["\u00fc"]', isDigest: true });
      await store.commitAlerting({ consumed: [], incidents: [], groups: [second, first] });
      assert.deepEqual(await store.noticeGroups(), [first, second]);
      const later = { ...first, dueAt: 6000, entries: [...first.entries, ...second.entries] };
      const empty = { ...second, entries: [], revision: 2 };
      const groups = [{ ...later, revision: 2 }, empty];
      await store.commitAlerting({ consumed: [], incidents: [], groups });
      assert.deepEqual(await store.noticeGroups(), [{ ...later, revision: 2 }]);
    });

    test("that were written meanwhile are not written over", async () => {
      await using store = await open();
      const group = groupOf();
      await store.commitAlerting({ consumed: [], incidents: [], groups: [group] });
      const stale = store.commitAlerting({ consumed: [], incidents: [], groups: [group] });
      await assert.rejects(stale, { code: "conflict" });
      assert.deepEqual(await store.noticeGroups(), [group]);
    });

    test("are kept by labels of any length and content", async () => {
      await using store = await open();
      const noise = Array.from({ length: 100 }, (_, n) => createHash("sha512").update(`${n}`));
      const long = noise.map((hash) => hash.digest("base64")).join("");
      const [one, other] = [`${long}1`, `${long}2`];
      const groups = [one, other, "a\u0000b"].map((value) =>
        groupOf({ key: `default|c|${JSON.stringify([value])}` }),
      );
      await store.commitAlerting({ consumed: [], incidents: [], groups });
      const kept = await store.noticeGroups();
      assert.deepEqual(new Set(kept.map(({ key }) => key)), new Set(groups.map(({ key }) => key)));
      const gone = groups.map((group) => ({ ...group, entries: [], revision: 2 }));
      await store.commitAlerting({ consumed: [], incidents: [], groups: gone });
      assert.deepEqual(await store.noticeGroups(), []);
    });
  });
}

/** What one step was decided from. */
export function stepContract({ engine, open, createDatabase }: ContractStores): void {
  describe("steps of alerting", () => {
    test("are counted with what they are decided from, whatever they write", async () => {
      await using store = await open();
      assert.deepEqual(await store.alertingState(), { steps: 0, incidents: [], groups: [] });
      const [made, group] = [incidentOf(createId(1)), groupOf()];
      await store.commitAlerting({ after: 0, consumed: [], incidents: [made], groups: [group] });
      assert.deepEqual(await store.alertingState(), {
        steps: 1,
        incidents: [made],
        groups: [group],
      });
      await store.commitAlerting({ consumed: [], incidents: [] });
      assert.equal((await store.alertingState()).steps, 2);
    });

    test("that were decided before another step write nothing", async () => {
      await using store = await open();
      await store.putSignals([signalOf()]);
      const [pending] = await store.pendingSignals(9);
      assert.ok(pending !== undefined);
      const step = {
        consumed: [],
        signals: [pending.sequence],
        incidents: [incidentOf(createId(1))],
      };
      await store.commitAlerting({ after: 0, consumed: [], incidents: [] });
      await assert.rejects(store.commitAlerting({ ...step, after: 0 }), { code: "conflict" });
      assert.deepEqual(
        [await store.openIncidents(), await store.pendingSignals(9)],
        [[], [pending]],
      );
      await store.commitAlerting({ ...step, after: 1 });
      assert.equal((await store.openIncidents()).length, 1);
    });

    const alone = engine === "sqlite" ? { skip: "one process has the file" } : {};
    test(
      "of several hubs at once are taken one by one; the others are refused",
      alone,
      async () => {
        const database = await createDatabase();
        await using stack = new AsyncDisposableStack();
        const stores = await Promise.all([open(database), open(database), open(database)]);
        for (const store of stores) stack.use(store);
        const [first] = stores;
        for (let after = 0; after < 20; after += 1) {
          const results = await Promise.allSettled(
            stores.map((store) =>
              store.commitAlerting({ after, consumed: [], incidents: [incidentOf(createId(1))] }),
            ),
          );
          const failures = results.filter((one) => one.status === "rejected");
          assert.deepEqual(
            failures.map(({ reason }) => (reason instanceof AppError ? reason.code : reason)),
            ["conflict", "conflict"],
          );
        }
        assert.equal((await first.alertingState()).incidents.length, 20);
      },
    );
  });
}
