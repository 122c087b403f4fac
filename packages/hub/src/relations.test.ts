import assert from "node:assert/strict";
import { test } from "node:test";
import { createBoard } from "./live/board.ts";
import { createId, type MonitorId } from "./model/id.ts";
import type { Subject } from "./model/incident.ts";
import type { Monitor } from "./model/monitor.ts";
import { exampleMonitor } from "./model/monitor.kit.ts";
import { createRelations, type RelationParts } from "./relations.ts";

/** A monitor whose target is its setting `host`. */
function monitorAt(host: string, over: Partial<Monitor> = {}): Monitor {
  return exampleMonitor({ id: createId(1), name: host, settings: { host }, labels: {}, ...over });
}

function hostNamed(name: string): Monitor {
  return exampleMonitor({ id: createId(1), name, kind: "host", settings: {}, labels: {} });
}

function open(monitors: readonly Monitor[], over: Partial<RelationParts> = {}) {
  const board = createBoard();
  for (const monitor of monitors) board.put(monitor, undefined, 1000);
  let nowMs = 0;
  const relations = createRelations({
    clock: { monotonicMs: () => nowMs },
    board,
    hostOf: ({ settings: { host } }) => (typeof host === "string" ? host : ""),
    addressesOf: () => [],
    interfacesOf: () => [],
    certificateOf: () => undefined,
    checkNow: () => Promise.resolve(),
    failuresInRow: () => 0,
    flush: () => Promise.resolve(),
    ...over,
  });
  const later = (ms: number): void => void (nowMs += ms);
  const keysOf = (monitor: Monitor): readonly string[] =>
    relations.tiesOf(subjectOf(monitor)).map(({ key }) => key);
  return { board, relations, later, keysOf };
}

function subjectOf({ id, name, kind }: Monitor): Subject {
  return { kind: kind === "host" ? "host" : "monitor", id, name };
}

const addresses: Readonly<Record<string, readonly string[]>> = {
  "a.example": ["10.1.2.3"],
  "b.example": ["10.1.2.3", "fd00::3"],
};
const addressesOf = (name: string): readonly string[] => addresses[name] ?? [];

test("names that lead to one address share it", () => {
  const [a, b] = [monitorAt("a.example"), monitorAt("B.example")];
  const { keysOf } = open([a, b], { addressesOf });
  const shared = keysOf(a).filter((key) => keysOf(b).includes(key));
  assert.deepEqual(shared, ["address:10.1.2.3", "network:10.1.2.0/24"]);
  assert.ok(keysOf(b).includes("network:fd00::/64"));
});

test("monitors without an address, as heartbeats are, share none", () => {
  const [a, b] = [monitorAt(""), monitorAt("")];
  const { keysOf } = open([a, b]);
  assert.deepEqual(keysOf(a), [`monitor:${a.id}`]);
  assert.deepEqual(keysOf(b), [`monitor:${b.id}`]);
});

test("loopback is no network", () => {
  const a = monitorAt("127.0.0.1");
  const { keysOf } = open([a]);
  assert.deepEqual(keysOf(a), [`monitor:${a.id}`, "address:127.0.0.1"]);
});

test("a monitor belongs to the host it names, or whose interface it checks", () => {
  const [named, addressed, other] = [
    monitorAt("WEB-1"),
    monitorAt("10.1.2.3"),
    monitorAt("10.9.9.9"),
  ];
  const host = hostNamed("web-1");
  const { keysOf } = open([named, addressed, other, host], {
    interfacesOf: (id) => (id === host.id ? ["127.0.0.1", "10.1.2.3"] : []),
  });
  assert.ok(keysOf(named).includes(`host:${host.id}`));
  assert.ok(keysOf(addressed).includes(`host:${host.id}`));
  assert.ok(!keysOf(other).includes(`host:${host.id}`));
});

test("an address that several hosts have says nothing of either", () => {
  const monitor = monitorAt("172.17.0.1");
  const { keysOf } = open([monitor, hostNamed("web-1"), hostNamed("web-2")], {
    interfacesOf: () => ["172.17.0.1"],
  });
  assert.deepEqual(
    keysOf(monitor).filter((key) => key.startsWith("host:")),
    [],
  );
});

test("dependencies of dependencies are ties, once each, also in a circle", () => {
  const [a, b, c] = [createId<"monitor">(1), createId<"monitor">(2), createId<"monitor">(3)];
  const monitors = [
    monitorAt("a", { id: a, dependsOn: [b, c] }),
    monitorAt("b", { id: b, dependsOn: [c] }),
    monitorAt("c", { id: c, dependsOn: [a] }),
  ];
  const { relations } = open(monitors);
  const [first] = monitors;
  assert.ok(first !== undefined);
  assert.deepEqual(
    relations.parentsOf(subjectOf(first)).map(({ id }) => id),
    [b, c],
  );
});

test("those who share a certificate have a tie, but are not checked for it", () => {
  const [a, b] = [monitorAt("a"), monitorAt("b")];
  const certificate = { fingerprint: "ab12", name: "*.example" };
  const { relations, keysOf } = open([a, b], { certificateOf: () => certificate });
  assert.ok(keysOf(a).includes("certificate:ab12"));
  assert.equal(relations.checkSiblings(subjectOf(a), relations.tiesOf(subjectOf(a))), null);
});

test("siblings are checked at once; those that fail or do not answer yet are told", async () => {
  const [a, failing, slow, fine] = ["a", "b", "c", "d"].map((name) =>
    monitorAt("10.0.0.1", { name }),
  );
  assert.ok(a !== undefined && failing !== undefined && slow !== undefined && fine !== undefined);
  const answer = Promise.withResolvers<undefined>();
  const checked: MonitorId[] = [];
  let flushed = 0;
  const { relations } = open([a, failing, slow, fine, monitorAt("10.0.0.2")], {
    checkNow(id) {
      checked.push(id);
      return id === slow.id ? answer.promise : Promise.resolve();
    },
    failuresInRow: (id) => (id === failing.id ? 1 : 0),
    flush: () => Promise.resolve(void (flushed += 1)),
  });
  const siblings = relations.checkSiblings(subjectOf(a), relations.tiesOf(subjectOf(a)));
  assert.ok(siblings !== null);
  await Promise.resolve();
  assert.deepEqual(checked, [failing.id, slow.id, fine.id]);
  assert.deepEqual(siblings.failing(), [failing.id, slow.id]);
  assert.equal(flushed, 0);
  answer.resolve(undefined);
  await siblings.settled;
  assert.deepEqual(siblings.failing(), [failing.id]);
  assert.equal(flushed, 1);
});

test("monitors that are paused or down are not checked; without others there is nothing to hold", () => {
  const a = monitorAt("10.0.0.1");
  const paused = monitorAt("10.0.0.1", { enabled: false });
  const { relations, board } = open([a, paused]);
  const down = monitorAt("10.0.0.1");
  board.put(down, undefined, 1000);
  board.checked(
    down.id,
    {
      status: "down",
      since: 1000,
      lastKnown: "down",
      failuresInRow: 1,
      successesInRow: 0,
      degradedInRow: 0,
      firstFailure: null,
      changes: [],
      flapping: false,
    },
    {
      checkedAt: 1000,
      result: "down",
      reason: null,
      message: null,
      statusCode: null,
      latencyMs: null,
      location: "here",
      measurements: {},
    },
  );
  assert.equal(relations.checkSiblings(subjectOf(a), relations.tiesOf(subjectOf(a))), null);
});

test("what is shared is read anew after a while", () => {
  const a = monitorAt("10.0.0.1");
  const { relations, board, later } = open([a]);
  const siblings = () => relations.checkSiblings(subjectOf(a), relations.tiesOf(subjectOf(a)));
  assert.equal(siblings(), null);
  board.put(monitorAt("10.0.0.1"), undefined, 1000);
  later(5_000);
  assert.notEqual(siblings(), null);
});
