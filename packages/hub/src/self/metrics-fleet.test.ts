import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import type { Member, Renewal } from "../model/fleet.ts";
import { createId } from "../model/id.ts";
import { addFleetMetrics } from "./metrics-fleet.ts";

const at = Date.UTC(2026, 0, 1);

function member(over: Partial<Member> = {}): Member {
  return {
    id: createId<"process">(at),
    kind: "hub",
    name: "alpha:1",
    location: "local",
    version: "1.0.0",
    url: null,
    holds: ["check", "hear", "duty"],
    joinedAt: at,
    seenAt: at,
    until: at + 8_000,
    lapsedAt: null,
    leftAt: null,
    readAt: at,
    figures: { monitors: 0, checksPerSecond: 0, lagSeconds: 0, cpu: 0, missed: 0 },
    shares: { check: 128, hear: 64 },
    duties: ["rules"],
    ...over,
  };
}

const renewal: Renewal = {
  alive: true,
  now: at,
  taken: [],
  held: ["check-1", "check-2", "hear-0", "duty-rules"],
  excess: { check: 0, hear: 0, duty: 0 },
  others: 2,
};

function createWorld() {
  const own = member();
  const world = {
    process: own,
    last: renewal as Renewal | undefined,
    list: [
      own,
      member({ shares: { check: 100, hear: 0 }, version: "1.1.0", readAt: at + 7_000 }),
      member({ lapsedAt: at, shares: { check: 0, hear: 0 }, duties: [] }),
    ],
    reads: 0,
    isAway: false,
    ms: 0,
    members() {
      world.reads += 1;
      return world.isAway ? Promise.reject(new Error("away")) : Promise.resolve(world.list);
    },
  };
  const registry = new Registry();
  addFleetMetrics(registry, world, { monotonicMs: () => world.ms });
  return { world, registry };
}

function has(text: string, ...lines: readonly string[]): void {
  for (const line of lines) assert.ok(text.includes(`\n${line}\n`), `${line} in\n${text}`);
}

test("the fleet is read once at each scrape", async () => {
  const { world, registry } = createWorld();
  has(
    await registry.metrics(),
    'belfry_fleet_processes{state="alive"} 1',
    'belfry_fleet_processes{state="late"} 1',
    'belfry_fleet_processes{state="lapsed"} 1',
    'belfry_fleet_processes{state="left"} 0',
    "belfry_fleet_versions 2",
    'belfry_fleet_shares_unheld{kind="check"} 28',
    'belfry_fleet_shares_unheld{kind="hear"} 0',
    'belfry_fleet_shares_unheld{kind="duty"} 2',
    "belfry_fleet_lease_seconds_left 8",
    'belfry_fleet_shares_held{kind="check"} 2',
    'belfry_fleet_shares_held{kind="hear"} 1',
    'belfry_fleet_shares_held{kind="duty"} 1',
  );
  assert.equal(world.reads, 1);
});

test("a lease runs out while the database cannot be asked", async () => {
  const { world, registry } = createWorld();
  await registry.metrics();
  world.isAway = true;
  world.ms = 5_000;
  has(
    await registry.metrics(),
    "belfry_fleet_lease_seconds_left 3",
    'belfry_fleet_processes{state="alive"} 1',
  );
  world.ms = 60_000;
  world.last = undefined;
  has(
    await registry.metrics(),
    "belfry_fleet_lease_seconds_left 0",
    'belfry_fleet_shares_held{kind="check"} 0',
  );
});

test("a process that nobody counts any more has no lease", async () => {
  const { world, registry } = createWorld();
  world.list = world.list.slice(1);
  has(await registry.metrics(), "belfry_fleet_lease_seconds_left 0");
});

test("there are none where the database is the process's own", async () => {
  const registry = new Registry();
  const alone = { process: undefined, last: undefined, members: () => Promise.resolve([]) };
  addFleetMetrics(registry, alone, { monotonicMs: () => 0 });
  assert.equal((await registry.metrics()).trim(), "");
});
