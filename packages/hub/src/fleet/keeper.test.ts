import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { FleetProcess, ProcessFigures, Renewal, ShareName } from "../model/fleet.ts";
import { createId } from "../model/id.ts";
import { FleetKeeper, type KeeperStore, type LeaseTimes } from "./keeper.ts";

const times: LeaseTimes = { leaseMs: 10_000, renewEveryMs: 2_500, marginMs: 1_500 };
const figures: ProcessFigures = {
  monitors: 0,
  checksPerSecond: 0,
  lagSeconds: 0,
  cpu: 0,
  missed: 0,
};
const nobody = { check: 0, hear: 0, duty: 0 };

interface World {
  readonly keeper: FleetKeeper;
  /** What the keeper did and what it was told to do, in order. */
  readonly log: string[];
  /** What the next renewals come to; an error: the store is away. */
  answer: Partial<Renewal> | Error;
  /** Work on shares that are given up ends when this is resolved. */
  released: Promise<void>;
  /** Fails as often when shares are taken. */
  failing: number;
  /** How far the database's clock is ahead, and how late its answers come, ms. */
  aheadMs: number;
  slowMs: number;
  /** Moves the clock, in steps, and lets everything that is due happen. */
  pass(ms: number): Promise<void>;
}

function open(t: TestContext): World {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 1_000_000;
  const log: string[] = [];
  let joined = 0;
  const store: KeeperStore = {
    async joinFleet() {
      log.push("join");
    },
    async renewLease(): Promise<Renewal> {
      if (world.answer instanceof Error) throw world.answer;
      const { held = [], taken = [], alive = true } = world.answer;
      const { excess = nobody, others = 1 } = world.answer;
      const renewal = { alive, now: now + world.aheadMs, taken, held, excess, others };
      if (world.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, world.slowMs));
      return renewal;
    },
    async releaseShares(_id, names) {
      log.push(`free ${names.join(" ")}`);
    },
    async leaveFleet() {
      log.push("leave");
    },
    members: () => Promise.resolve([]),
    hint: () => Promise.resolve(),
    onHint: () => undefined,
  };
  const identity = (): FleetProcess => {
    joined += 1;
    return {
      id: createId<"process">(joined),
      kind: "hub",
      name: `${joined}`,
      location: "here",
      version: "1",
      url: null,
      holds: ["check", "hear", "duty"],
    };
  };
  const keeper = new FleetKeeper({
    clock: { now: () => now, monotonicMs: () => now },
    store,
    identity,
    figures: () => figures,
    onError: (error) => log.push(`error ${String(error instanceof Error ? error.message : error)}`),
    onNote: () => undefined,
    times,
  });
  const world: World = {
    keeper,
    log,
    answer: {},
    released: Promise.resolve(),
    failing: 0,
    aheadMs: 500,
    slowMs: 0,
    async pass(ms) {
      for (let left = ms; left > 0; left -= 250) {
        now += Math.min(250, left);
        t.mock.timers.tick(Math.min(250, left));
        // Promises that follow one another settle within a few turns.
        for (let i = 0; i < 20; i += 1) await Promise.resolve();
      }
    },
  };
  return world;
}

async function begin(t: TestContext, held: readonly ShareName[]): Promise<World> {
  const world = open(t);
  const { log, keeper } = world;
  world.answer = { held, taken: held.map((name) => ({ name, freeSince: null })) };
  await keeper.start({
    async take(shares) {
      if (world.failing > 0) {
        world.failing -= 1;
        throw new Error("not taken");
      }
      const since = (at: number | null): string => (at === null ? "" : `@${at}`);
      log.push(`take ${shares.map((one) => one.name + since(one.freeSince)).join(" ")}`);
    },
    async release(names) {
      await world.released;
      log.push(`release ${names.join(" ")}`);
    },
    stop: (names) => void log.push(`stop ${names.join(" ")}`),
    forget: () => void log.push("forget"),
  });
  return world;
}

/** A monitor of the share `check-7`. */
const seven = { kind: "check", id: "00000000-0000-7000-8000-000000000007" } as const;
function holdsSeven({ keeper }: World): boolean {
  const [monitor] = [seven.id].map((text) => text as ReturnType<typeof createId<"monitor">>);
  assert.ok(monitor !== undefined);
  return keeper.holds({ kind: "check", id: monitor });
}

describe("a process of a fleet", () => {
  test("holds what the database says, from when it joined", async (t) => {
    const world = await begin(t, ["check-7", "duty-rules"]);
    assert.deepEqual(world.log, ["join", "take check-7 duty-rules"]);
    assert.deepEqual(
      [holdsSeven(world), world.keeper.hasDuty("rules"), world.keeper.hasDuty("runs")],
      [true, true, false],
    );
    assert.equal(world.keeper.offsetMs, 500);
  });

  test("takes what became free, once", async (t) => {
    const world = await begin(t, []);
    world.answer = { held: ["check-7"], taken: [{ name: "check-7", freeSince: 5 }] };
    await world.pass(5_000);
    assert.deepEqual(world.log, ["join", "take check-7@5"]);
  });

  test("stops by itself before its lease ends, and takes up again what it still holds", async (t) => {
    const world = await begin(t, ["check-7"]);
    world.answer = new Error("away");
    await world.pass(8_250);
    assert.equal(holdsSeven(world), true);
    await world.pass(500);
    assert.equal(holdsSeven(world), false);
    assert.equal(world.keeper.state(), "its lease could not be renewed in time");
    world.answer = { held: ["check-7"] };
    await world.pass(2_500);
    assert.equal(holdsSeven(world), true);
    assert.deepEqual(
      world.log.filter((line) => !line.startsWith("error")),
      // Nobody looked after it since the renewal before.
      ["join", "take check-7", "stop check-7", "take check-7@1000500"],
    );
  });

  test("goes on without the database where nobody else is there to take over", async (t) => {
    const world = await begin(t, ["check-7"]);
    world.answer = { held: ["check-7"], others: 0 };
    await world.pass(2_500);
    world.answer = new Error("away");
    await world.pass(60_000);
    assert.equal(holdsSeven(world), true);
  });

  test("that was taken for dead forgets everything and joins as another one", async (t) => {
    const world = await begin(t, ["check-7"]);
    const former = world.keeper.process.id;
    world.answer = { alive: false };
    await world.pass(2_500);
    assert.equal(holdsSeven(world), false);
    assert.notEqual(world.keeper.process.id, former);
    world.answer = { held: ["check-9"], taken: [{ name: "check-9", freeSince: 5 }] };
    await world.pass(2_500);
    assert.deepEqual(world.log, [
      "join",
      "take check-7",
      "stop check-7",
      "forget",
      "join",
      "take check-9@5",
    ]);
  });

  test("gives up what is more than fair once its work has ended, and renews its lease meanwhile", async (t) => {
    const world = await begin(t, ["check-7", "check-8"]);
    const end = Promise.withResolvers<void>();
    world.released = end.promise;
    world.answer = { held: ["check-7", "check-8"], excess: { ...nobody, check: 1 } };
    await world.pass(12_500);
    assert.deepEqual(world.log, ["join", "take check-7 check-8"]);
    assert.equal(holdsSeven(world), false);
    end.resolve();
    world.answer = { held: ["check-8"] };
    await world.pass(2_500);
    assert.deepEqual(world.log.slice(2), ["release check-7", "free check-7"]);
  });

  test("begins again with the next renewal what it could not begin", async (t) => {
    const world = await begin(t, []);
    world.failing = 1;
    world.answer = { held: ["check-7"], taken: [{ name: "check-7", freeSince: 5 }] };
    await world.pass(2_500);
    assert.equal(holdsSeven(world), false);
    world.answer = { held: ["check-7"] };
    await world.pass(2_500);
    assert.equal(holdsSeven(world), true);
    assert.deepEqual(world.log, ["join", "stop check-7", "error not taken", "take check-7@5"]);
  });

  test("tells how clocks differ by its quickest renewals, and notices that one was set", async (t) => {
    const world = await begin(t, []);
    world.slowMs = 1_000;
    await world.pass(10_000);
    assert.equal(world.keeper.offsetMs, 500);
    world.aheadMs = 60_000;
    await world.pass(10_000);
    assert.equal(world.keeper.offsetMs, 59_500);
    world.slowMs = 0;
    await world.pass(5_000);
    assert.equal(world.keeper.offsetMs, 60_000);
  });

  test("gives everything up in order when it ends, and leaves", async (t) => {
    const world = await begin(t, ["check-7"]);
    await world.keeper[Symbol.asyncDispose]();
    assert.deepEqual(world.log.slice(2), ["release check-7", "leave"]);
    assert.equal(holdsSeven(world), false);
  });
});
