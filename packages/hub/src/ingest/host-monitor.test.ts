import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deadlineOf, monitorNameOf, type Host } from "../model/host.ts";
import { createId } from "../model/id.ts";
import { createHostMonitor, followHost, mergeLabels } from "./host-monitor.ts";

type Labels = Readonly<Record<string, string>>;

const host: Host = {
  id: createId<"monitor">(1),
  identity: "machine:m",
  names: ["web"],
  bootId: "b",
  agentVersion: "1",
  intervalMs: 5_000,
  agentLabels: { team: "core" },
  nameIsChosen: false,
  silentAfterMs: null,
  retentionMs: null,
  clonedFrom: null,
  lastHeardAt: null,
  createdAt: 1,
};

describe("labels of a host", () => {
  const table: { title: string; present: Labels; former: Labels; next: Labels; after: Labels }[] = [
    {
      title: "follow the agent's",
      present: { a: "1" },
      former: { a: "1" },
      next: { a: "2", b: "3" },
      after: { a: "2", b: "3" },
    },
    {
      title: "go when the agent's go",
      present: { a: "1", own: "x" },
      former: { a: "1" },
      next: {},
      after: { own: "x" },
    },
    {
      title: "stay where people set another value",
      present: { a: "people" },
      former: { a: "1" },
      next: { a: "2" },
      after: { a: "people" },
    },
    {
      title: "stay away where people removed them",
      present: {},
      former: { a: "1" },
      next: { a: "2" },
      after: {},
    },
    {
      title: "stay where people had set them first",
      present: { a: "people" },
      former: {},
      next: { a: "2" },
      after: { a: "people" },
    },
  ];
  for (const { title, present, former, next, after } of table) {
    test(title, () => assert.deepEqual(mergeLabels(present, former, next), after));
  }

  test("are the same object when nothing changes", () => {
    const present = { a: "1" };
    assert.equal(mergeLabels(present, { a: "1" }, { a: "1" }), present);
    assert.equal(mergeLabels(present, {}, { a: "1" }), present);
  });

  test("are at most 32", () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, ""]));
    const more = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`a${i}`, ""]));
    assert.equal(Object.keys(mergeLabels(many, {}, more)).length, 32);
  });
});

describe("the monitor of a host", () => {
  const monitor = createHostMonitor(host, "web");

  test("is down after three intervals, at least 30 s, or as people say", () => {
    assert.equal(deadlineOf(host), 30_000);
    assert.equal(deadlineOf({ silentAfterMs: null, intervalMs: 60_000 }), 180_000);
    assert.equal(deadlineOf({ silentAfterMs: 4_000, intervalMs: 60_000 }), 4_000);
    assert.equal(deadlineOf({ silentAfterMs: null, intervalMs: null }), 300_000);
    assert.equal(monitor.judging.downAfter, 1);
  });

  test("stays as it is while the host says the same", () => {
    assert.equal(followHost(monitor, host, { name: "web", labels: host.agentLabels }, 9), null);
  });

  test("follows another name, other labels and another interval", () => {
    const slower = { ...host, intervalMs: 60_000 };
    const next = followHost(monitor, slower, { name: "db", labels: { team: "b" } }, 9);
    assert.equal(next?.name, "db");
    assert.deepEqual(next.labels, { team: "b" });
    assert.equal(next.intervalMs, 180_000);
    assert.equal(next.version, 2);
    assert.equal(next.updatedAt, 9);
  });

  test("keeps a name that people chose", () => {
    const chosen = { ...host, nameIsChosen: true };
    assert.equal(followHost(monitor, chosen, { name: "db", labels: host.agentLabels }, 9), null);
  });

  const names: readonly [string, string][] = [
    ["web", "web"],
    [" we\u0001\nb ", "we b"],
    ["\u0007", "host"],
    ["x".repeat(253), "x".repeat(100)],
    [`${"x".repeat(99)}😀`, `${"x".repeat(99)}\uFFFD`],
    ["<script>alert(1)</script>/..", "<script>alert(1)</script>/.."],
  ];
  for (const [name, expected] of names) {
    test(`is called ${JSON.stringify(expected).slice(0, 30)}`, () =>
      assert.equal(monitorNameOf(name), expected));
  }
});
