import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { startBus, type BusBehaviour, type BusUnit } from "./dbus/bus.kit.ts";
import { callDbus } from "./dbus/client.ts";
import { fileTree } from "./file-tree.kit.ts";
import { unit } from "./unit.ts";

/** Socket of the bus below a root; the folder is made. */
function socketIn(root: string): string {
  mkdirSync(join(root, "run/dbus"), { recursive: true });
  return join(root, "run/dbus/system_bus_socket");
}

const units: readonly BusUnit[] = [
  { name: "ssh.service", description: "OpenBSD Secure Shell server", state: "active" },
  { name: "backup.service", description: "Nightly\u0007 backup", state: "failed" },
  { name: "tmp.mount", state: "inactive" },
  { name: "new.service", state: "activating" },
  ...Array.from({ length: 400 }, (_, index) => ({
    name: `unit-${index}.service`,
    description: "Größe ".repeat(index % 9),
    state: "active",
  })),
];

for (const pieceBytes of [undefined, 1_000, 7])
  test(`counts units and names the failed ones (answer in pieces of ${pieceBytes ?? "any"} bytes)`, async () => {
    using tree = fileTree();
    const behaviour: BusBehaviour = pieceBytes === undefined ? { units } : { units, pieceBytes };
    await using bus = await startBus(socketIn(tree.root), behaviour);
    using trial = new Trial(unit, tree.root);
    assert.deepEqual(await trial.round(), {
      'node_systemd_units{state="activating"}': 1,
      'node_systemd_units{state="active"}': 401,
      'node_systemd_units{state="deactivating"}': 0,
      'node_systemd_units{state="failed"}': 1,
      'node_systemd_units{state="inactive"}': 1,
      'node_systemd_unit_state{name="backup.service",state="failed"}': 1,
    });
    assert.deepEqual(trial.facts.units, {
      states: { activating: 1, active: 401, failed: 1, inactive: 1 },
      failed: [{ name: "backup.service", description: "Nightly backup" }],
    });
    assert.deepEqual(bus.complaints, []);
    assert.deepEqual(bus.calls, [
      "org.freedesktop.DBus.Hello",
      "org.freedesktop.systemd1.Manager.ListUnits",
    ]);
  });

test("a host without units at all has zeros, for systemd was asked", async () => {
  using tree = fileTree();
  await using bus = await startBus(socketIn(tree.root), { units: [] });
  using trial = new Trial(unit, tree.root);
  assert.equal((await trial.round())['node_systemd_units{state="failed"}'], 0);
  assert.equal(bus.calls.length, 2);
});

test("no bus: units are absent", async () => {
  using tree = fileTree();
  using trial = new Trial(unit, tree.root);
  assert.deepEqual(await trial.round(), {});
  assert.equal(trial.facts.units, undefined);
});

for (const error of ["ServiceUnknown", "NameHasNoOwner"])
  test(`a bus without systemd (${error}): units are absent`, async () => {
    using tree = fileTree();
    const name = `org.freedesktop.DBus.Error.${error}`;
    await using _bus = await startBus(socketIn(tree.root), { error: name });
    using trial = new Trial(unit, tree.root);
    assert.deepEqual(await trial.round(), {});
  });

test("what is there and refuses is a fault that says so", async () => {
  using tree = fileTree();
  const error = "org.freedesktop.DBus.Error.AccessDenied";
  await using _bus = await startBus(socketIn(tree.root), { error });
  using trial = new Trial(unit, tree.root);
  await assert.rejects(trial.round(), { message: `the bus answered ${error}` });
});

test("credentials that are refused are a fault", async () => {
  using tree = fileTree();
  await using _bus = await startBus(socketIn(tree.root), { isClosed: true });
  using trial = new Trial(unit, tree.root);
  await assert.rejects(trial.round(), /AuthFailed/);
});

const call = { destination: "a.b", path: "/", interface: "a.b", member: "C" };

test("a bus that says nothing is given up", async () => {
  using tree = fileTree();
  const socket = socketIn(tree.root);
  await using _bus = await startBus(socket, { isSilent: true });
  const address = { socket, uid: 0, timeoutMs: 50, maxBytes: 1_000 };
  await assert.rejects(callDbus(address, call), { message: "no answer within 50 ms" });
});

test("an answer without bound is refused", async () => {
  using tree = fileTree();
  const socket = socketIn(tree.root);
  await using _bus = await startBus(socket, { units });
  const uid = globalThis.process.geteuid?.() ?? 0;
  const address = { socket, uid, timeoutMs: 5_000, maxBytes: 10_000 };
  await assert.rejects(callDbus(address, call), /expected at most 10000 bytes/);
});
