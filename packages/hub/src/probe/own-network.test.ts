import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OwnNetwork, type NetworkGap } from "./own-network.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Witness } from "./witness.ts";

const gateway = "10.0.0.1";
const server = "10.0.0.53";
const [shop, mail, blog] = ["192.0.2.10", "198.51.100.10", "203.0.113.10"];

/** A network whose machines answer as they are told to; a clock that moves when it is told to. */
function setUp(over: Partial<Surroundings> & { readonly anchors?: readonly string[] } = {}) {
  const world = {
    nowMs: 100_000.25,
    alive: new Set<string>(),
    asked: [] as string[],
    hasRoute: true,
  };
  const make = (kind: Witness["kind"]) => (address: string) => ({
    kind,
    address,
    async answers(): Promise<boolean> {
      world.asked.push(address);
      return world.alive.has(address);
    },
  });
  const { anchors = [], ...given } = over;
  const gaps: NetworkGap[] = [];
  const network = new OwnNetwork({
    clock: { now: () => Math.floor(world.nowMs) + 1e12, monotonicMs: () => world.nowMs },
    surroundings: () => ({
      gateways: [gateway],
      nameServers: [server],
      own: new Set(["10.0.0.7"]),
      hasRoute: world.hasRoute,
      ...given,
    }),
    anchors: anchors.map(make("anchor")),
    witnesses: {
      gateway: make("gateway"),
      nameServer: make("name_server"),
      target: make("target"),
    },
  });
  return {
    world,
    network,
    gaps,
    /** Proves those that answer now, without waiting for the timer. */
    start: async (...alive: readonly string[]): Promise<void> => {
      world.alive = new Set(alive);
      network.watch((gap) => void gaps.push(gap));
      await settle();
      network[Symbol.dispose]();
      world.asked.length = 0;
      world.nowMs += 5_000;
    },
    /** A check of an address that began a second ago fails now. */
    fails: (about: string | null): Promise<boolean> =>
      network.isGone({ about, sinceMs: world.nowMs - 1_000, waitMs: 500 }),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Row {
  readonly says: string;
  /** Answered at the start. */
  readonly proven: readonly string[];
  /** Targets that answered a check 5 s ago. */
  readonly targets?: readonly string[];
  /** Answer now. */
  readonly alive?: readonly string[];
  readonly about: string | null;
  readonly gone: boolean;
}

const rows: readonly Row[] = [
  {
    says: "the gateway answers: it is the target",
    proven: [gateway],
    alive: [gateway],
    about: shop,
    gone: false,
  },
  {
    says: "neither the target nor the gateway answers",
    proven: [gateway],
    about: shop,
    gone: true,
  },
  {
    says: "the gateway is silent, but a name server answers",
    proven: [gateway, server],
    alive: [server],
    about: shop,
    gone: false,
  },
  {
    says: "the gateway is silent, but another target answers",
    proven: [gateway],
    targets: [mail],
    alive: [mail],
    about: shop,
    gone: false,
  },
  {
    says: "the gateway itself is watched and dies: it is no witness against itself",
    proven: [gateway],
    about: gateway,
    gone: false,
  },
  {
    says: "the only name server is watched and dies",
    proven: [server],
    about: server,
    gone: false,
  },
  { says: "a gateway that never answered is no witness", proven: [], about: shop, gone: false },
  {
    says: "no witness but one other target: two may fail at once",
    proven: [],
    targets: [mail],
    about: shop,
    gone: false,
  },
  {
    says: "no witness but two more of the same network",
    proven: [],
    targets: ["192.0.2.11", "192.0.2.12"],
    about: shop,
    gone: false,
  },
  {
    says: "targets in two other networks are silent too",
    proven: [],
    targets: [mail, blog],
    about: shop,
    gone: true,
  },
  {
    says: "one of them answers",
    proven: [],
    targets: [mail, blog],
    alive: [blog],
    about: shop,
    gone: false,
  },
  {
    says: "names cannot be looked up, the gateway answers: the name servers are at fault",
    proven: [gateway, server],
    alive: [gateway],
    about: null,
    gone: false,
  },
  {
    says: "names cannot be looked up, and only name servers could tell",
    proven: [server],
    about: null,
    gone: false,
  },
  {
    says: "names cannot be looked up, and the gateway is silent",
    proven: [gateway, server],
    about: null,
    gone: true,
  },
  {
    says: "a target on this machine needs no network",
    proven: [gateway],
    about: "127.0.0.1",
    gone: false,
  },
  {
    says: "nor does an address of this machine",
    proven: [gateway],
    about: "10.0.0.7",
    gone: false,
  },
];

describe("Belfry's own network", () => {
  for (const { says, proven, targets = [], alive = [], about, gone } of rows) {
    test(`is ${gone ? "gone" : "there"}: ${says}`, async () => {
      const { world, network, start, fails } = setUp();
      for (const target of targets) network.answered(target, 443);
      await start(...proven);
      world.alive = new Set(alive);
      assert.equal(await fails(about), gone);
      assert.equal(network.goneSince !== null, gone);
    });
  }

  test("is there while a check got an answer within the last second: nobody is asked", async () => {
    const { world, network, start, fails } = setUp();
    await start(gateway);
    world.alive.clear();
    network.answered(mail, 443);
    assert.equal(await fails(shop), false);
    assert.deepEqual(world.asked, []);
    world.nowMs += 1_001;
    assert.equal(await fails(shop), true);
  });

  test("is asked after all when the system says that there is no way", async () => {
    const { world, network, start } = setUp();
    await start(gateway);
    world.alive.clear();
    network.answered(mail, 443);
    const doubt = { about: shop, sinceMs: world.nowMs, waitMs: 500, isRefused: true };
    assert.equal(await network.isGone(doubt), true);
  });

  test("is gone without a witness when there is no route any more, and there again with one", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { world, network, gaps, fails } = setUp();
    network.watch((gap) => void gaps.push(gap));
    await settle();
    world.hasRoute = false;
    world.nowMs += 5_000;
    assert.equal(await fails(shop), true);
    world.hasRoute = true;
    world.nowMs += 7_000;
    t.mock.timers.tick(1_000);
    await settle();
    assert.deepEqual([network.goneSince, gaps.length], [null, 1]);
    network[Symbol.dispose]();
  });

  test("that was never there is not gone", async () => {
    const { world, fails, start } = setUp();
    world.hasRoute = false;
    await start();
    assert.equal(await fails(shop), false);
  });

  test("is there again with the first answer; the gap is told once, from the check that was in doubt on", async () => {
    const { world, network, gaps, start, fails } = setUp();
    await start(gateway);
    world.alive.clear();
    assert.equal(await fails(shop), true);
    assert.equal(await fails(mail), true);
    world.nowMs += 30_000;
    network.answered(mail, 443);
    assert.deepEqual(gaps, [{ from: 1e12 + 104_000, to: 1e12 + 135_000 }]);
    assert.equal(network.goneSince, null);
    const before = network.isGone({ about: shop, sinceMs: world.nowMs - 5_000, waitMs: 500 });
    assert.equal(await before, true, "a check that began before says nothing of its target");
    world.nowMs += 2_000;
    world.alive.add(gateway);
    assert.equal(await fails(shop), false);
  });

  test("asks every second while it is gone, and now and then when nothing is heard", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { world, network, gaps } = setUp();
    world.alive = new Set([gateway]);
    network.watch((gap) => void gaps.push(gap));
    const pass = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds; i += 1) {
        world.nowMs += 1_000;
        t.mock.timers.tick(1_000);
        await settle();
      }
    };
    await pass(5);
    world.alive.clear();
    await pass(20);
    assert.notEqual(network.goneSince, null, "noticed although nothing is checked");
    world.asked.length = 0;
    await pass(3);
    assert.deepEqual(world.asked, [gateway, gateway, gateway]);
    world.alive.add(gateway);
    await pass(1);
    assert.deepEqual([network.goneSince, gaps.length], [null, 1]);
    network[Symbol.dispose]();
  });

  test("many checks in doubt share one round of questions", async () => {
    const { world, start, fails } = setUp();
    await start(gateway);
    world.alive = new Set([gateway]);
    await Promise.all(Array.from({ length: 50 }, (_, i) => fails(`192.0.2.${i}`)));
    assert.deepEqual(world.asked, [gateway]);
  });

  test("configured anchors are asked in place of all others", async () => {
    const { world, network, start, fails } = setUp({ anchors: ["a:1", "b:1"] });
    network.answered(mail, 443);
    await start(gateway);
    world.alive = new Set([gateway, "b:1"]);
    assert.equal(await fails(shop), false);
    assert.deepEqual(world.asked, ["a:1", "b:1"]);
    world.alive.delete("b:1");
    world.nowMs += 2_000;
    assert.equal(await fails(shop), true);
  });

  test("another gateway than before takes the place of the former one", async () => {
    const gateways = [gateway];
    const { world, start, fails } = setUp({ gateways });
    await start(gateway);
    world.alive.clear();
    gateways[0] = "10.0.0.2";
    assert.equal(await fails(shop), false, "the new one never answered");
    gateways.length = 0;
    world.nowMs += 2_000;
    assert.equal(await fails(shop), false);
  });
});
