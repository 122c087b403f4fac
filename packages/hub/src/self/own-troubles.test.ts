import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KeptRuleState, RuleChange } from "../model/rule-state.ts";
import type { OwnFigures } from "./own-trouble-kinds.ts";
import { ownTroubleKinds } from "./own-trouble-kinds.ts";
import { OwnTroubles } from "./own-troubles.ts";
import { TroubleKeeper } from "./trouble-keeper.ts";

const mebibyte = 1_048_576;
const fine: OwnFigures = {
  storeFailingSeconds: 0,
  commitAgeSeconds: 0.1,
  disk: { freeBytes: 50_000 * mebibyte, sizeBytes: 100_000 * mebibyte },
  output: { name: "csv", ageSeconds: 1 },
  deadLetters: 0,
  lagSeconds: 0.01,
  stalledSeconds: 0,
};

/** Troubles over figures and clocks that are what they are told to be, and a store that can be away. */
function setUp(states = new Map<string, KeptRuleState>()) {
  const world = { figures: fine, wallMs: 1e12, monotonicMs: 0, isAway: false };
  const signals: string[] = [];
  const keeper = new TroubleKeeper({
    store: {
      async commitRules(change: RuleChange) {
        if (world.isAway) throw new Error("away");
        for (const one of change.saved) states.set(one.ruleId, one);
        for (const { ruleId } of change.dropped) states.delete(ruleId);
        for (const { state, rule, severity, at, decidedAt } of change.signals) {
          assert.ok(Number.isInteger(at) && Number.isInteger(decidedAt), `${rule} at ${at}`);
          signals.push(`${state} ${rule} ${severity}`);
        }
        return "stored" as const;
      },
    },
    onSignals() {},
    onError() {},
  });
  const own = new OwnTroubles({
    process: null,
    clock: { now: () => world.wallMs, monotonicMs: () => world.monotonicMs },
    keeper,
    location: "local",
    figures: () => world.figures,
  });
  own.load([...states.values()]);
  return {
    world,
    own,
    states,
    signals,
    keeper,
    /** Second by second. */
    pass: async (seconds: number, figures: Partial<OwnFigures> = {}): Promise<void> => {
      world.figures = { ...fine, ...figures };
      for (let i = 0; i < seconds; i += 1) {
        world.wallMs += 1000;
        // The monotonic clock has fractions, and instants that are kept have none.
        world.monotonicMs += 1000.015625;
        own.look();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

const disk = (free: number, size: number) => ({
  disk: { freeBytes: free * mebibyte, sizeBytes: size * mebibyte },
});

interface Row {
  readonly says: string;
  readonly figures: Partial<OwnFigures>;
  /** It rings after so many seconds, and not before. */
  readonly after: number;
  readonly rings: string;
  /** No longer bad enough to begin, and still too bad to end. */
  readonly between: Partial<OwnFigures>;
  /** It is over after so many good seconds, and not before. */
  readonly over: number;
}

const rows: readonly Row[] = [
  {
    says: "the store refuses",
    figures: { storeFailingSeconds: 1 },
    after: 6,
    rings: "store_failing critical",
    between: { storeFailingSeconds: 0.001 },
    over: 61,
  },
  {
    says: "the store is slow",
    figures: { commitAgeSeconds: 6 },
    after: 31,
    rings: "store_slow warning",
    between: { commitAgeSeconds: 2 },
    over: 121,
  },
  {
    says: "a disk has little room",
    figures: disk(4_000, 100_000),
    after: 31,
    rings: "disk_nearly_full warning",
    between: disk(6_000, 100_000),
    over: 61,
  },
  {
    says: "a disk has no room",
    figures: disk(50, 100_000),
    after: 31,
    rings: "disk_nearly_full critical",
    between: disk(60, 100_000),
    over: 61,
  },
  {
    says: "an output is behind",
    figures: { output: { name: "csv", ageSeconds: 700 } },
    after: 61,
    rings: "output_behind warning",
    between: { output: { name: "csv", ageSeconds: 100 } },
    over: 61,
  },
  {
    says: "an output refused something",
    figures: { deadLetters: 3 },
    after: 1,
    rings: "dead_letters warning",
    between: { deadLetters: 1 },
    over: 1,
  },
  {
    says: "checks begin late",
    figures: { lagSeconds: 6 },
    after: 31,
    rings: "checks_late warning",
    between: { lagSeconds: 2 },
    over: 121,
  },
  {
    says: "the event loop stood still",
    figures: { stalledSeconds: 11 },
    after: 1,
    rings: "loop_stalled warning",
    between: { stalledSeconds: 2 },
    over: 301,
  },
];

describe("Belfry's own troubles", () => {
  for (const { says, figures, after, rings, between, over } of rows) {
    test(`${says}: ${rings}, told once and over in its time`, async () => {
      const { own, signals, states, pass } = setUp();
      await pass(after - 1, figures);
      assert.deepEqual(signals, []);
      await pass(1, figures);
      assert.deepEqual([signals, own.ringing], [[`raised ${rings}`], [rings.split(" ")[0]]]);
      await pass(over + 1, between);
      assert.equal(signals.length, 1, "hysteresis");
      await pass(over - 1);
      assert.equal(signals.length, 1);
      await pass(1);
      assert.deepEqual(signals, [`raised ${rings}`, `cleared ${rings}`]);
      assert.deepEqual([states.size, own.ringing], [0, []]);
    });
  }

  test("every kind has its row, and nothing rings of a hub that does well", async () => {
    const known = new Set(rows.map(({ rings }) => rings.split(" ")[0]));
    assert.deepEqual(known, new Set(ownTroubleKinds.map(({ rule }) => rule)));
    const { signals, pass } = setUp();
    await pass(700);
    assert.deepEqual(signals, []);
  });

  test("a small disk is measured by what is left, a large one by both", async () => {
    const { signals, pass } = setUp();
    await pass(100, disk(1_200, 4_000));
    await pass(100, disk(40_000, 10_000_000));
    assert.deepEqual(signals, []);
    await pass(100, disk(400, 4_000));
    assert.deepEqual(signals, ["raised disk_nearly_full warning"]);
  });

  test("what becomes worse is told again, once", async () => {
    const { signals, pass } = setUp();
    await pass(100, disk(400, 4_000));
    await pass(100, disk(20, 4_000));
    assert.deepEqual(signals, [
      "raised disk_nearly_full warning",
      "raised disk_nearly_full critical",
    ]);
  });

  test("a restart forgets nothing, and tells nothing twice", async () => {
    const before = setUp();
    await before.pass(40, disk(400, 4_000));
    const { signals, pass } = setUp(before.states);
    await pass(100, disk(400, 4_000));
    assert.deepEqual(signals, []);
    await pass(61);
    assert.deepEqual(signals, ["cleared disk_nearly_full warning"]);
  });

  test("a store that is away is told of when it is back", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { world, signals, keeper, pass } = setUp();
    world.isAway = true;
    await pass(30, { storeFailingSeconds: 9 });
    assert.deepEqual([signals, keeper.waiting], [[], 1]);
    world.isAway = false;
    t.mock.timers.tick(10_000);
    await pass(1);
    assert.deepEqual(signals, ["raised store_failing critical"]);
    await pass(61);
    assert.deepEqual(signals, ["raised store_failing critical", "cleared store_failing critical"]);
  });

  for (const seconds of [3600, -3600]) {
    test(`a clock that jumps by ${seconds} s is told of once`, async () => {
      const { world, own, signals, pass } = setUp();
      await pass(5);
      world.wallMs += seconds * 1000;
      await pass(5);
      assert.deepEqual(signals, ["raised clock_jumped warning", "cleared clock_jumped warning"]);
      assert.deepEqual(own.ringing, []);
    });
  }

  test("gaps of the network that follow one another closely are told as one, when it is there for a while", async () => {
    const { world, own, states, signals, pass } = setUp();
    const gap = (monitors: number) => ({ from: world.wallMs - 9_000, to: world.wallMs, monitors });
    own.networkBack(gap(4));
    await pass(10);
    own.networkBack(gap(2));
    await pass(14);
    assert.deepEqual(signals, []);
    await pass(1);
    assert.deepEqual(signals, ["raised own_network warning", "cleared own_network warning"]);
    await pass(60);
    assert.deepEqual([signals.length, states.size], [2, 0]);
  });

  test("a gap that is known when the hub ends is told before it does", async () => {
    const { world, own, signals, keeper } = setUp();
    own.networkBack({ from: world.wallMs - 5_000, to: world.wallMs, monitors: 1 });
    own[Symbol.dispose]();
    await keeper[Symbol.asyncDispose]();
    assert.equal(signals.length, 2);
  });
});
