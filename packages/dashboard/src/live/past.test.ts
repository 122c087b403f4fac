import assert from "node:assert/strict";
import { test } from "node:test";
import { stopClock } from "./clock.kit.ts";
import { incidentOf } from "./incident.kit.ts";
import { createPast, uptimeDays, type Past } from "./past.ts";
import type { LiveListener } from "./stream.ts";

interface World extends Disposable {
  readonly past: Past;
  readonly listeners: Set<LiveListener>;
  /** What the hub answers with from now on; spans of a length in `unknownDays` cannot be read. */
  readonly hub: { ratio: number; unknownDays: readonly number[]; newest: string | null };
  ratios(): readonly (number | null | undefined)[];
  pass(ms: number): Promise<void>;
}

function begin(): World {
  const clock = stopClock();
  const hub: World["hub"] = { ratio: 0.9, unknownDays: [], newest: "newest" };
  const listeners: World["listeners"] = new Set();
  const failed = { kind: "failed", failure: { kind: "unreachable" } } as const;
  const past = createPast("a", 5, {
    client: {
      uptime: async (_id, span) => {
        const days = (span.to - span.from) / 86_400_000;
        if (hub.unknownDays.includes(days)) return failed;
        const seconds = { up_seconds: 0, down_seconds: 0, uncounted_seconds: 0 };
        return {
          kind: "ok",
          value: { from: "", to: "", ratio: hub.ratio, ...seconds, intervals: [] },
        };
      },
      incidents: async ({ monitor, limit }) => {
        assert.deepEqual([monitor, limit], ["a", 5]);
        if (hub.newest === null) return failed;
        return { kind: "ok", value: { items: [incidentOf(hub.newest)], next_cursor: null } };
      },
    },
    live: {
      listen: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    now: () => Date.now(),
  });
  return {
    past,
    listeners,
    hub,
    ratios: () => past.uptimes.value.map((uptime) => uptime?.ratio),
    pass: (ms) => clock.pass(ms),
    [Symbol.dispose]() {
      past[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
}

test("nothing is known before it is asked for", async () => {
  using world = begin();
  await world.pass(0);
  assert.deepEqual(
    world.past.uptimes.value,
    uptimeDays.map(() => null),
  );
  assert.equal(world.past.incidents.value, null);
});

test("what cannot be read stays as it was, span by span", async () => {
  using world = begin();
  world.past.refresh();
  await world.pass(0);
  Object.assign(world.hub, { ratio: 0.8, unknownDays: [7, 90], newest: null });
  world.past.refresh();
  await world.pass(0);
  assert.deepEqual(world.ratios(), [0.8, 0.9, 0.8, 0.9]);
  assert.equal(world.past.incidents.value?.items[0]?.id, "newest");
});

test("incidents are read again when the stream says that there are others", async () => {
  using world = begin();
  world.past.refresh();
  await world.pass(0);
  world.hub.newest = "newer";
  for (const listener of world.listeners) listener.incidents?.({ changed: ["newer"] });
  await world.pass(0);
  assert.equal(world.past.incidents.value?.items[0]?.id, "newer");
});

test("once it is over, nothing is listened to and no answer taken in", async () => {
  const world = begin();
  world.past.refresh();
  world.past[Symbol.dispose]();
  await world.pass(60_000);
  assert.deepEqual(
    world.past.uptimes.value,
    uptimeDays.map(() => null),
  );
  assert.equal(world.past.incidents.value, null);
  assert.equal(world.listeners.size, 0);
  world[Symbol.dispose]();
});
