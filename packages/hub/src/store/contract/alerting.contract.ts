/** What the store promises about what alerting consumes and keeps. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { createId, parseId, type MonitorId } from "../../model/id.ts";
import type { Incident } from "../../model/incident.ts";
import type { Store } from "../port.ts";
import { auditOf, changeOf, incidentOf, transitionOf, type ContractStores } from "./fixtures.ts";

const commitTransitions = (store: Store, id: MonitorId, messages: readonly string[]) =>
  store.commit(changeOf({ transitions: messages.map((message) => transitionOf(id, { message })) }));

export function alertingContract({ open }: ContractStores): void {
  describe("transitions", () => {
    test("are handed out oldest first, until they are consumed", async () => {
      await using store = await open();
      const id = createId<"monitor">(1);
      await commitTransitions(store, id, ["first", "second"]);
      await commitTransitions(store, id, ["third"]);
      const pending = await store.pendingTransitions(2);
      assert.deepEqual(
        pending.map((one) => one.transition.message),
        ["first", "second"],
      );
      const consumed = pending.map((one) => one.sequence);
      await store.commitAlerting({ consumed, incidents: [] });
      const rest = await store.pendingTransitions(9);
      assert.deepEqual(
        rest.map((one) => one.transition),
        [transitionOf(id, { message: "third" })],
      );
    });

    test("are consumed once: the second time nothing is written", async () => {
      await using store = await open();
      const id = createId<"monitor">(1);
      await commitTransitions(store, id, ["first", "second"]);
      const [first, second] = await store.pendingTransitions(9);
      assert.ok(first !== undefined && second !== undefined);
      await store.commitAlerting({ consumed: [first.sequence], incidents: [] });
      const step = {
        consumed: [first.sequence, second.sequence],
        incidents: [incidentOf(id)],
      };
      await assert.rejects(store.commitAlerting(step), { code: "conflict" });
      assert.deepEqual(await store.openIncidents(), []);
      assert.equal((await store.pendingTransitions(9)).length, 1);
    });

    test("keep their sequence growing when all were consumed", async () => {
      await using store = await open();
      const id = createId<"monitor">(1);
      await commitTransitions(store, id, ["first"]);
      const [first] = await store.pendingTransitions(1);
      assert.ok(first !== undefined);
      await store.commitAlerting({ consumed: [first.sequence], incidents: [] });
      await commitTransitions(store, id, ["second"]);
      const [second] = await store.pendingTransitions(1);
      assert.ok((second?.sequence ?? 0) > first.sequence);
    });
  });

  describe("incidents", () => {
    test("come back as they were written, and are replaced as a whole", async () => {
      await using store = await open();
      const made = incidentOf(createId(1), { message: "ü", flapping: true });
      await store.commitAlerting({ consumed: [], incidents: [made] });
      assert.deepEqual(await store.incident(made.id), made);
      assert.deepEqual(await store.openIncidents(), [made]);
      const resolved: Incident = {
        ...made,
        resolvedAt: 9000,
        flapping: false,
        evidence: {},
        revision: 2,
      };
      await store.commitAlerting({ consumed: [], incidents: [resolved] });
      assert.deepEqual(await store.incident(made.id), resolved);
      assert.deepEqual(await store.openIncidents(), []);
    });

    test("that do not exist are not found", async () => {
      await using store = await open();
      assert.equal(await store.incident(createId(1)), undefined);
    });

    test("that were written meanwhile are not written over", async () => {
      await using store = await open();
      const made = incidentOf(createId(1));
      await store.commitAlerting({ consumed: [], incidents: [made] });
      const later = { ...made, title: "later", revision: 2 };
      await store.commitAlerting({ consumed: [], incidents: [later] });
      const stale = { ...made, title: "stale", revision: 2 };
      const other = incidentOf(createId(2));
      const step = { consumed: [], incidents: [other, stale] };
      await assert.rejects(store.commitAlerting(step), { code: "conflict" });
      assert.deepEqual(await store.openIncidents(), [later]);
    });

    test("that a person changes leave an audit entry and a comment", async () => {
      await using store = await open();
      const made = incidentOf(createId(1));
      await store.commitAlerting({ consumed: [], incidents: [made] });
      const acknowledged = { ...made, acknowledgedAt: 5000, acknowledgedBy: "ada", revision: 2 };
      const comment = { incidentId: made.id, at: 5000, by: "ada", text: "on it" };
      await store.commitAlerting({
        consumed: [],
        incidents: [acknowledged],
        comments: [comment],
        audit: [auditOf({ action: "acknowledge" })],
      });
      assert.deepEqual(await store.incident(made.id), acknowledged);
      assert.deepEqual(await store.incidentComments(made.id, 9), [comment]);
      assert.equal((await store.auditEntries({ limit: 1 }))[0]?.action, "acknowledge");
    });

    test("about a host are found by its id as those about a monitor are", async () => {
      await using store = await open();
      const id = createId<"monitor">(1);
      const made = incidentOf(id, { subjects: [{ kind: "host", id, name: "web1" }] });
      await store.commitAlerting({ consumed: [], incidents: [made, incidentOf(createId(2))] });
      assert.deepEqual(await store.incidents({ subjectId: id, limit: 10 }), [made]);
      assert.deepEqual(await store.incident(made.id), made);
    });

    test("are found by monitor, state, range and page", async (t) => {
      await using store = await open();
      const [a, b] = [createId<"monitor">(1), createId<"monitor">(2)];
      const twins = [
        "00000000-0000-7000-8000-000000000001",
        "00000000-0000-7000-8000-000000000002",
      ];
      const make = (monitor: MonitorId, openedAt: number, resolvedAt: number | null) =>
        incidentOf(monitor, { openedAt, resolvedAt });
      const [first, second, third, fourth] = [
        make(a, 1000, 2000),
        make(b, 3000, 4000),
        { ...make(a, 5000, null), id: createIdFrom(twins[0]) },
        { ...make(b, 5000, null), id: createIdFrom(twins[1]) },
      ];
      const both = { ...make(a, 7000, 8000), subjects: [...first.subjects, ...second.subjects] };
      const all = [first, second, third, fourth, both];
      await store.commitAlerting({ consumed: [], incidents: all });
      const table = [
        { title: "all", query: {}, expected: [both, fourth, third, second, first] },
        { title: "of one monitor", query: { subjectId: a }, expected: [both, third, first] },
        { title: "open ones", query: { open: true }, expected: [fourth, third] },
        { title: "resolved ones", query: { open: false }, expected: [both, second, first] },
        {
          title: "open within a range",
          query: { range: { from: 2000, to: 5000 } },
          expected: [fourth, third, second, first],
        },
        {
          title: "the second page",
          query: { cursor: fourth.id },
          expected: [third, second, first],
        },
        {
          title: "the second page of one monitor",
          query: { cursor: both.id, subjectId: b },
          expected: [fourth, second],
        },
        { title: "after a cursor nobody knows", query: { cursor: "x" }, expected: [] },
      ];
      for (const { title, query, expected } of table) {
        await t.test(title, async () => {
          assert.deepEqual(await store.incidents({ ...query, limit: 10 }), expected);
        });
      }
      assert.deepEqual(await store.incidents({ limit: 2 }), [both, fourth]);
    });

    test("are found by severity and words of their title and names", async (t) => {
      await using store = await open();
      const named = (name: string, over: Partial<Incident> = {}) =>
        incidentOf(createId(1), {
          title: `${name} is down`,
          subjects: [{ kind: "external", id: name, name }],
          ...over,
        });
      const first = named("Büro 100%_sure", { openedAt: 1000 });
      const second = named("shop", { openedAt: 2000, severity: "warning" });
      await store.commitAlerting({ consumed: [], incidents: [first, second] });
      const table = [
        { title: "a severity", query: { severity: "warning" }, expected: [second] },
        { title: "a word in another case", query: { text: "BÜRO" }, expected: [first] },
        { title: "all of several words", query: { text: "down  shop" }, expected: [second] },
        { title: "words that are not there together", query: { text: "büro shop" }, expected: [] },
        { title: "signs of patterns are themselves", query: { text: "100%_s" }, expected: [first] },
        { title: "which match nothing else", query: { text: "s_op" }, expected: [] },
        { title: "no words", query: { text: "  " }, expected: [second, first] },
      ] as const;
      for (const { title, query, expected } of table) {
        await t.test(title, async () => {
          assert.deepEqual(await store.incidents({ ...query, limit: 9 }), expected);
        });
      }
    });

    test("are found by subjects with ids of any length and content, once each", async () => {
      await using store = await open();
      const noise = Array.from({ length: 100 }, (_, n) => createHash("sha512").update(`${n}`));
      const long = noise.map((hash) => hash.digest("base64")).join("");
      const ids = [`${long}1`, `${long}2`, "a\u0000b", "\ud800"];
      const made = ids.map((id, n) =>
        incidentOf(createId(1), { openedAt: n, subjects: [{ kind: "external", id, name: "x" }] }),
      );
      await store.commitAlerting({ consumed: [], incidents: made });
      for (const [n, id] of ids.entries()) {
        assert.deepEqual(await store.incidents({ subjectId: id, limit: 9 }), made.slice(n, n + 1));
      }
    });

    test("have comments in their order, of which the newest are read", async () => {
      await using store = await open();
      const [one, other] = [incidentOf(createId(1)), incidentOf(createId(2))];
      await store.commitAlerting({ consumed: [], incidents: [one, other] });
      const comments = [1, 2, 3].map((n) => ({
        incidentId: one.id,
        at: 5000,
        by: "ada",
        text: `comment ${n}`,
      }));
      await store.commitAlerting({ consumed: [], incidents: [], comments });
      assert.deepEqual(await store.incidentComments(one.id, 9), comments);
      assert.deepEqual(await store.incidentComments(one.id, 2), comments.slice(1));
      assert.deepEqual(await store.incidentComments(other.id, 9), []);
    });

    test("by hundreds are written in one step, and read the oldest first", async () => {
      await using store = await open();
      const made = Array.from({ length: 450 }, (_, n) =>
        incidentOf(createId(n), { openedAt: 1000 - n }),
      );
      await store.commitAlerting({ consumed: [], incidents: made });
      assert.deepEqual(await store.openIncidents(), made.toReversed());
    });
  });
}

function createIdFrom(text: string | undefined): Incident["id"] {
  const id = parseId<"incident">(text);
  assert.ok(id !== undefined);
  return id;
}
