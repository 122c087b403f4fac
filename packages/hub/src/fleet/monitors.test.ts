import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createBoard } from "../live/board.ts";
import type { LastCheck } from "../model/board.ts";
import { shareNames, shareOf, type ShareName, type Shown } from "../model/fleet.ts";
import { createId, parseId, type MonitorId } from "../model/id.ts";
import type { JudgeState } from "../model/judgement.ts";
import type { Monitor } from "../model/monitor.ts";
import { exampleMonitor } from "../model/monitor.kit.ts";
import { slotAt, startOfSlot } from "../schedule/slots.ts";
import { leaseTimes } from "./keeper.ts";
import { FleetMonitors } from "./monitors.ts";

const state: JudgeState = {
  status: "up",
  since: 1,
  lastKnown: "up",
  failuresInRow: 0,
  successesInRow: 1,
  degradedInRow: 0,
  firstFailure: null,
  changes: [],
  flapping: false,
};

function shownOf(monitor: Monitor, checkedAt: number): Shown {
  const lastCheck: LastCheck = {
    checkedAt,
    result: "up",
    reason: null,
    message: null,
    statusCode: 200,
    latencyMs: 1,
    location: "here",
    measurements: {},
  };
  const { status, since, flapping, failuresInRow } = state;
  const { id: monitorId, version } = monitor;
  return { monitorId, version, status, since, flapping, failuresInRow, lastCheck };
}

/** A store with monitors, and a process that holds shares of them. */
function open(now: number) {
  const stored = new Map<MonitorId, { monitor: Monitor; state: JudgeState | undefined }>();
  const shown = new Map<MonitorId, Shown>();
  const held = new Set<ShareName>();
  const board = createBoard();
  const judged = new Map<MonitorId, boolean>();
  const scheduled = new Map<MonitorId, { delayMs: number; soonerMs: number | undefined }>();
  const heard = new Set<MonitorId>();
  const ended: { id: MonitorId; at: number }[] = [];
  const changed: { changed: readonly MonitorId[]; deleted: readonly MonitorId[] }[] = [];
  const log: string[] = [];
  let missed = 0;
  const monitors = new FleetMonitors({
    clock: { now: () => now, monotonicMs: () => now },
    times: leaseTimes,
    store: {
      monitorVersions: async () =>
        new Map([...stored].map(([id, { monitor }]) => [id, monitor.version])),
      monitorsOf: async (ids) => ids.flatMap((id) => stored.get(id) ?? []),
      shownOf: async (ids) => ids.flatMap((id) => shown.get(id) ?? []),
      async endKnown(items) {
        ended.push(...items);
      },
    },
    fleet: { holds: ({ kind, id }) => held.has(shareOf(kind, id)), offsetMs: 0 },
    board,
    judging: {
      add: (id, _state, { intervalIsOpen }) => void judged.set(id, intervalIsOpen),
      remove: (id) => void judged.delete(id),
    },
    scheduler: {
      add: ({ id }, delayMs, soonerMs) => void scheduled.set(id, { delayMs, soonerMs }),
      remove: (id) => void scheduled.delete(id),
      async retire(ids) {
        for (const id of ids) scheduled.delete(id);
        log.push("retired");
      },
    },
    heard: { add: ({ id }) => void heard.add(id), remove: (id) => void heard.delete(id) },
    prepare: () => Promise.resolve(),
    isPassive: ({ kind }) => kind === "host",
    async flush() {
      log.push("stored");
    },
    discard: () => void log.push("discarded"),
    forgetProbes: () => undefined,
    onTaken: () => undefined,
    onChanged: (ids) => void changed.push(ids),
    onMissed(slots) {
      missed += slots;
    },
    aliveAt: () => 77,
  });
  return {
    monitors,
    stored,
    shown,
    held,
    board,
    judged,
    scheduled,
    heard,
    ended,
    changed,
    log,
    missed: () => missed,
    make(over: Partial<Monitor> = {}): Monitor {
      const monitor = exampleMonitor({ id: createId<"monitor">(1), intervalMs: 10_000, ...over });
      stored.set(monitor.id, { monitor, state });
      return monitor;
    },
    async take(freeSince: number | null) {
      for (const name of shareNames) held.add(name);
      await monitors.take(shareNames.map((name) => ({ name, freeSince })));
    },
  };
}

const at = 1_700_000_000_000;

function idEndingIn(digits: string): MonitorId {
  const id = parseId<"monitor">(`${createId<"monitor">(1).slice(0, -4)}${digits}`);
  assert.ok(id !== undefined);
  return id;
}

describe("monitors of a fleet", () => {
  test("that are taken are judged from what is stored, and checked in their slots", async () => {
    const world = open(at);
    const monitor = world.make();
    const slot = slotAt(monitor, at);
    world.shown.set(monitor.id, shownOf(monitor, startOfSlot(monitor, slot) + 5));
    await world.take(at - 100);
    assert.equal(world.judged.get(monitor.id), true);
    assert.equal(world.board.get(monitor.id)?.lastCheck?.checkedAt, startOfSlot(monitor, slot) + 5);
    const { delayMs = 0, soonerMs } = world.scheduled.get(monitor.id) ?? {};
    assert.ok(Math.abs(at + delayMs - startOfSlot(monitor, slot + 1)) < 1);
    assert.deepEqual([soonerMs, world.ended, world.missed()], [undefined, [], 0]);
  });

  test("nobody looked after for a while: slots are counted, and nothing is known of that time", async () => {
    const world = open(at);
    const monitor = world.make();
    const slot = slotAt(monitor, at);
    const lastAt = startOfSlot(monitor, slot - 3) + 5;
    world.shown.set(monitor.id, shownOf(monitor, lastAt));
    await world.take(lastAt + 1000);
    assert.deepEqual(world.ended, [{ id: monitor.id, at: lastAt + 10_000 }]);
    assert.equal(world.judged.get(monitor.id), false);
    assert.equal(world.missed(), 2);
    assert.notEqual(world.scheduled.get(monitor.id)?.soonerMs, undefined);
  });

  test("a fleet that did not run for long missed no slots: it was not there", async () => {
    const world = open(at);
    const monitor = world.make();
    world.shown.set(monitor.id, shownOf(monitor, at - 86_400_000));
    await world.take(at - 86_390_000);
    assert.equal(world.missed(), 0);
    assert.deepEqual(world.ended, [{ id: monitor.id, at: at - 86_390_000 }]);
  });

  test("from before there were fleets are known until the last sign of life", async () => {
    const world = open(at);
    const monitor = world.make();
    await world.take(null);
    assert.deepEqual(world.ended, [{ id: monitor.id, at: 77 }]);
  });

  for (const { title, freeSince, ended } of [
    { title: "taken over go on as they were", freeSince: at - 12_000, ended: 0 },
    { title: "after a time without hubs are unknown since then", freeSince: at - 60_000, ended: 1 },
  ]) {
    test(`hosts ${title}`, async () => {
      const world = open(at);
      const host = world.make({ kind: "host" });
      world.shown.set(host.id, shownOf(host, at - 600_000));
      await world.take(freeSince);
      assert.deepEqual([world.heard.has(host.id), world.ended.length], [true, ended]);
    });
  }

  test("of shares that were lost meanwhile are left alone", async () => {
    const world = open(at);
    const monitor = world.make();
    await world.monitors.take(shareNames.map((name) => ({ name, freeSince: null })));
    assert.deepEqual([world.judged.size, world.scheduled.size], [0, 0]);
    assert.ok(world.board.get(monitor.id));
  });

  test("that are given up are finished, stored and forgotten", async () => {
    const world = open(at);
    const monitor = world.make();
    await world.take(null);
    world.log.length = 0;
    await world.monitors.release([shareOf("check", monitor.id)], 60_000);
    assert.deepEqual(world.log, ["retired", "stored"]);
    assert.deepEqual([world.judged.size, world.scheduled.size], [0, 0]);
  });

  test("changed elsewhere are taken in; held ones are checked at once as they are now", async () => {
    const world = open(at);
    const [own, others] = [
      world.make({ id: idEndingIn("0001") }),
      world.make({ id: idEndingIn("0002") }),
    ];
    world.held.add(shareOf("check", own.id));
    await world.monitors.follow();
    assert.deepEqual([...world.scheduled.keys()], [own.id]);
    for (const { id } of [own, others]) {
      const monitor = { ...exampleMonitor({ id }), name: "renamed", version: 2 };
      world.stored.set(id, { monitor, state: undefined });
    }
    await world.monitors.follow();
    assert.equal(world.scheduled.get(own.id)?.soonerMs, 0);
    assert.equal(world.board.get(others.id)?.monitor.name, "renamed");
    await world.monitors.follow();
    assert.equal(world.changed.length, 2, "what is known is passed over");
  });

  test("deleted elsewhere are gone; one that is being made here is not", async () => {
    const world = open(at);
    const gone = world.make();
    await world.take(null);
    world.stored.delete(gone.id);
    const following = world.monitors.follow();
    const made = exampleMonitor({ id: createId<"monitor">(2) });
    world.board.put(made, undefined, at);
    await following;
    assert.equal(world.board.get(gone.id), undefined);
    assert.equal(world.scheduled.has(gone.id), false);
    assert.ok(world.board.get(made.id));
    assert.deepEqual(world.changed.at(-1)?.deleted, [gone.id]);
  });
});
