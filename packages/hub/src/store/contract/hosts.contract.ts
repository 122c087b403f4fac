/** What the store promises about hosts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostDetails } from "@belfry/contract";
import { hostKind, hostSource } from "../../model/host.ts";
import { createId, type HostId } from "../../model/id.ts";
import type { Store } from "../port.ts";
import { auditOf, create, createHost, everything, hostOf, monitorOf } from "./fixtures.ts";
import { incidentOf, statusOf, type ContractStores } from "./fixtures.ts";

const details: HostDetails = {
  system: { hostname: "a\u0000b \ud800 ü", os: "Linux" },
  interfaces: [{ name: "eth0", up: true, addresses: [{ address: "10.0.0.1", prefix: 24 }] }],
};

const namesIn = async (store: Store) =>
  new Map((await store.loadHosts()).map(({ id, names }) => [id, names]));

export function hostContract(stores: ContractStores): void {
  describe("hosts", () => {
    makingContract(stores);
    savingContract(stores);
    deletingContract(stores);
  });
  describe("the details of hosts", () => detailsContract(stores));
}

function makingContract({ open, createDatabase }: ContractStores): void {
  test("come back exactly as they went in, ascending by id, after a restart too", async () => {
    const database = await createDatabase();
    const made = await (async () => {
      await using store = await open(database);
      const first = await createHost(store, { id: createId(1000), names: ["z", "a", "ü 𝄞 \" '"] });
      const full = hostOf({
        id: createId(3000),
        identity: "machine:0123/web2",
        names: ["web2", "old.example.org"],
        bootId: "b-1",
        agentVersion: null,
        intervalMs: null,
        agentLabels: { team: "core", "": "\u0000" },
        nameIsChosen: true,
        silentAfterMs: 90_000,
        retentionMs: 86_400_000,
        clonedFrom: first.id,
        lastHeardAt: 2 ** 45,
        createdAt: 2000,
      });
      await createHost(store, full);
      const nameless = await createHost(store, { id: createId(2000), names: [] });
      return [first, nameless, full];
    })();
    await using store = await open(database);
    assert.deepEqual(await store.loadHosts(), made);
  });

  test("are made with their monitor, its status interval and one audit entry", async () => {
    await using store = await open();
    const host = await createHost(store);
    const [loaded] = await store.loadMonitors();
    assert.deepEqual([loaded?.monitor.id, loaded?.monitor.kind], [host.id, hostKind]);
    assert.deepEqual(await store.statusIntervals(host.id, everything), [
      { status: "pending", reason: null, from: 1000, to: null },
    ]);
    const entries = await store.auditEntries({ limit: 9 });
    assert.deepEqual(
      entries.map((one) => one.resourceId),
      [host.id],
    );
  });

  test("are refused when the id or the identity is taken, and then nothing is written", async () => {
    await using store = await open();
    const host = await createHost(store, { identity: "machine:1", names: ["a"] });
    const same = createHost(store, { identity: "machine:1", names: ["a", "b"] });
    await assert.rejects(same, { code: "conflict", detail: /machine:1/ });
    await assert.rejects(createHost(store, { id: host.id }), { code: "conflict" });
    assert.deepEqual(await store.loadHosts(), [host]);
    assert.equal((await store.loadMonitors()).length, 1);
    assert.equal((await store.auditEntries({ limit: 9 })).length, 1);
  });

  test("are refused with a monitor of another id", async () => {
    await using store = await open();
    const [host, monitor] = [hostOf(), monitorOf()];
    const status = statusOf(monitor.id, "pending", 1);
    await assert.rejects(store.createHost(host, monitor, status, auditOf()), { code: "internal" });
    assert.deepEqual(await store.loadMonitors(), []);
  });

  test("take their names from hosts that had them", async () => {
    await using store = await open();
    const before = await createHost(store, { names: ["web1", "web", "www"] });
    const after = await createHost(store, { names: ["web", "web2"] });
    const names = await namesIn(store);
    assert.deepEqual(names.get(before.id), ["web1", "www"]);
    assert.deepEqual(names.get(after.id), ["web", "web2"]);
  });

  test("take no name from whom it was not known to have it", async () => {
    await using store = await open();
    const known = await createHost(store, { names: ["web1", "web"] });
    const take = (namesFrom: HostId | null, ...names: string[]) =>
      createHost(store, { names }, namesFrom);
    await assert.rejects(take(null, "web"), { code: "conflict", detail: /the name web already/ });
    await assert.rejects(take(createId(1), "new", "web"), { code: "conflict" });
    assert.deepEqual(await store.loadHosts(), [known]);
    const heir = await take(known.id, "new", "web");
    const names = await namesIn(store);
    assert.deepEqual(names.get(known.id), ["web1"]);
    assert.deepEqual(names.get(heir.id), ["new", "web"]);
  });

  test("made under one name at the same moment are one", async () => {
    await using store = await open();
    const one = (n: number) =>
      createHost(store, { identity: `machine:${n}`, names: ["web", `web${n}`] }, null);
    const made = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => one(n)));
    const there = made.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    assert.equal(there.length, 1);
    assert.deepEqual(await store.loadHosts(), there);
  });

  test("are refused when a name holds U+0000", async () => {
    await using store = await open();
    await assert.rejects(createHost(store, { names: ["a\0b"] }), { code: "invalid" });
    assert.deepEqual(await store.loadHosts(), []);
  });
}

function savingContract({ open }: ContractStores): void {
  test("are replaced as they say of themselves, but for when they were made", async () => {
    await using store = await open();
    const host = await createHost(store, { id: createId(1000), names: ["a", "b", "c"] });
    const other = await createHost(store, { id: createId(2000) });
    const changed = {
      ...host,
      identity: "machine:2",
      names: ["c", "d", "a"],
      bootId: "b-2",
      agentVersion: "2.0.0",
      intervalMs: 1000,
      agentLabels: { room: "1" },
      clonedFrom: other.id,
      lastHeardAt: 7000,
    };
    const decided = { nameIsChosen: true, silentAfterMs: 30_000, retentionMs: 5 };
    await store.saveHosts([{ ...changed, ...decided, createdAt: 9 }]);
    assert.deepEqual(await store.loadHosts(), [changed, other]);
  });

  test("are as people decide, with the change of their monitor or not at all", async () => {
    await using store = await open();
    const host = await createHost(store);
    const decided = { nameIsChosen: true, silentAfterMs: 30_000, retentionMs: 5 };
    const monitor = monitorOf({ id: host.id, kind: hostKind, version: 2 });
    const options = { status: null, resetState: false, host: decided };
    assert.equal(await store.updateMonitor(monitor, options, auditOf()), "updated");
    assert.deepEqual(await store.loadHosts(), [{ ...host, ...decided }]);
    const other = { ...options, host: { ...decided, silentAfterMs: null } };
    assert.equal(await store.updateMonitor(monitor, other, auditOf()), "version_mismatch");
    assert.deepEqual(await store.loadHosts(), [{ ...host, ...decided }]);
  });

  test("were heard at the latest time that was said", async () => {
    await using store = await open();
    const [a, b] = [
      await createHost(store, { id: createId(1000) }),
      await createHost(store, { id: createId(2000) }),
    ];
    const gone = createId<"monitor">(3000);
    await store.touchHosts([
      { id: b.id, at: 2 ** 41 },
      { id: gone, at: 1 },
    ]);
    await store.touchHosts([
      { id: b.id, at: 5 },
      { id: a.id, at: 7 },
    ]);
    await store.touchHosts([]);
    const heard = (await store.loadHosts()).map(({ lastHeardAt }) => lastHeardAt);
    assert.deepEqual(heard, [7, 2 ** 41]);
  });

  test("share lists of series for a day", async () => {
    await using store = await open();
    const series = [{ name: "node_load1", labels: { a: "ü\u0000" } }];
    await store.keepSeriesList({ hash: "1", series }, 1000);
    await store.keepSeriesList({ hash: "1", series }, 2000);
    assert.deepEqual(await store.seriesList("1"), series);
    assert.equal(await store.seriesList("2"), undefined);
    await store.keepSeriesList({ hash: "2", series }, 2001 + 86_400_000);
    assert.equal(await store.seriesList("1"), undefined);
    assert.deepEqual(await store.seriesList("2"), series);
  });

  test("hand names on within one call: the later host has them", async () => {
    await using store = await open();
    const [a, b] = [
      await createHost(store, { id: createId(1000), names: ["one", "two"] }),
      await createHost(store, { id: createId(2000), names: ["three"] }),
    ];
    await store.saveHosts([
      { ...a, names: ["three", "one"] },
      { ...b, names: ["two", "one"] },
    ]);
    const names = await namesIn(store);
    assert.deepEqual(names.get(a.id), ["three"]);
    assert.deepEqual(names.get(b.id), ["two", "one"]);
  });

  test("that are gone, or were never hosts, are passed over", async () => {
    await using store = await open();
    const host = await createHost(store);
    const gone = await createHost(store);
    const monitor = await create(store);
    await store.deleteMonitor(gone.id, auditOf());
    await store.saveHosts([
      { ...gone, names: ["x"] },
      { ...host, names: ["y"] },
      hostOf({ id: monitor.id }),
    ]);
    assert.deepEqual(await store.loadHosts(), [{ ...host, names: ["y"] }]);
    await store.saveHosts([]);
  });

  test("twice in one call are what was said last", async () => {
    await using store = await open();
    const host = await createHost(store);
    await store.saveHosts([
      { ...host, bootId: "1" },
      { ...host, bootId: "2" },
    ]);
    assert.equal((await store.loadHosts())[0]?.bootId, "2");
  });

  test("cannot take another's identity: nothing of the call is written", async () => {
    await using store = await open();
    const a = await createHost(store, { id: createId(1000) });
    const b = await createHost(store, { id: createId(2000) });
    const saved = store.saveHosts([
      { ...a, bootId: "1" },
      { ...b, identity: a.identity },
    ]);
    await assert.rejects(saved, { code: "conflict" });
    assert.deepEqual(await store.loadHosts(), [a, b]);
  });

  test("are many at once", async () => {
    await using store = await open();
    const hosts = [];
    for (let i = 0; i < 700; i += 1) {
      hosts.push(createHost(store, { id: createId(1000 + i), names: [`h${i}`, `h${i}.local`] }));
    }
    const made = await Promise.all(hosts);
    const saved = made.map((host) => ({ ...host, lastHeardAt: 60_000 }));
    await store.saveHosts(saved);
    assert.deepEqual(await store.loadHosts(), saved);
  });
}

function deletingContract({ open }: ContractStores): void {
  test("are deleted with their monitor: names, details and series too, incidents not", async () => {
    await using store = await open();
    const host = await createHost(store, { names: ["web1"] });
    const clone = await createHost(store, { clonedFrom: host.id });
    const incident = incidentOf(host.id, {
      subjects: [{ kind: "host", id: host.id, name: "web1" }],
    });
    await store.commitAlerting({ consumed: [], incidents: [incident] });
    await store.saveHostDetails([{ id: host.id, kept: { details, receivedAt: 5 } }]);
    const key = { name: "node_load1", labels: {} };
    const at = Date.now();
    const frames = [host, clone].map(({ id }) => ({
      source: hostSource(id),
      series: [key],
      times: Float64Array.of(at),
      values: Float64Array.of(1),
    }));
    await store.append(frames);
    assert.equal(await store.deleteMonitor(host.id, auditOf()), true);
    assert.deepEqual(await store.loadHosts(), [{ ...clone, clonedFrom: null }]);
    assert.equal(await store.hostDetails(host.id), undefined);
    assert.deepEqual(await store.hostDetailTimes(), new Map());
    const range = { from: 0, to: at };
    assert.deepEqual(await store.rawOf(hostSource(host.id), [key], range), [undefined]);
    assert.equal((await store.rawOf(hostSource(clone.id), [key], range))[0]?.values.length, 1);
    assert.deepEqual(await store.incidents({ subjectId: host.id, limit: 9 }), [incident]);
    const heir = await createHost(store, { names: ["web1"], identity: host.identity });
    assert.deepEqual((await namesIn(store)).get(heir.id), ["web1"]);
  });
}

function detailsContract({ open }: ContractStores): void {
  test("come back exactly as they went in, and are replaced", async () => {
    await using store = await open();
    const [a, b] = [await createHost(store), await createHost(store)];
    assert.equal(await store.hostDetails(a.id), undefined);
    await store.saveHostDetails([
      { id: a.id, kept: { details, receivedAt: 5 } },
      { id: b.id, kept: { details: {}, receivedAt: 6 } },
    ]);
    assert.deepEqual(await store.hostDetails(a.id), { details, receivedAt: 5 });
    await store.saveHostDetails([
      { id: a.id, kept: { details, receivedAt: 7 } },
      { id: a.id, kept: { details: { users: [] }, receivedAt: 8 } },
    ]);
    assert.deepEqual(await store.hostDetails(a.id), { details: { users: [] }, receivedAt: 8 });
    const times = await store.hostDetailTimes();
    assert.deepEqual([times.size, times.get(a.id), times.get(b.id)], [2, 8, 6]);
  });

  test("of hosts that are gone are not kept", async () => {
    await using store = await open();
    const host = await createHost(store);
    await store.deleteMonitor(host.id, auditOf());
    await store.saveHostDetails([{ id: host.id, kept: { details, receivedAt: 5 } }]);
    assert.equal(await store.hostDetails(host.id), undefined);
    assert.deepEqual(await store.hostDetailTimes(), new Map());
  });
}
