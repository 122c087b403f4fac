import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../model/id.ts";
import type { ChangedRun, JobId } from "../model/job.ts";
import { catchUpMs, RunWatch, type OtherHubs } from "./run-watch.ts";

/** A watch whose clocks move when they are told to, over a store that says what it was asked. */
function setUp(fleet?: { isHolder: boolean; others: OtherHubs }) {
  const clocks = { wall: 1_000_000, monotonic: 500 };
  const asked: { listenedMs: number; graceMs: number; after?: number; until?: number }[] = [];
  const errors: unknown[] = [];
  const lost: ChangedRun[] = [];
  const late: JobId[] = [];
  const looks: { readonly looked: number; readonly rang: boolean }[] = [];
  const store = { fails: false, lost: [] as ChangedRun[][], late: [] as JobId[], looks };
  const counts = { looks: 0, rang: 0 };
  const watch = new RunWatch({
    clock: { now: () => clocks.wall, monotonicMs: () => clocks.monotonic },
    store: {
      async loseSilentRuns({ listenedMs, graceMs }) {
        if (store.fails) throw new Error("away");
        asked.push({ listenedMs, graceMs });
        return store.lost.shift() ?? [];
      },
      async lookAtJobs() {
        counts.looks += 1;
        return store.looks.shift() ?? { looked: 0, rang: false };
      },
      async jobsGoneLate({ after, until }) {
        Object.assign(asked.at(-1) ?? {}, { after, until });
        return store.late;
      },
    },
    onLost: (runs) => void lost.push(...runs),
    onLate: (jobs) => void late.push(...jobs),
    onRang: () => void (counts.rang += 1),
    onError: (error) => void errors.push(error),
    ...(fleet === undefined
      ? {}
      : { shared: { hasDuty: () => fleet.isHolder, otherHubs: async () => fleet.others } }),
  });
  return {
    counts,
    watch,
    store,
    asked,
    lost,
    late,
    errors,
    pass: async (ms: number, jumpMs = 0): Promise<void> => {
      clocks.wall += ms + jumpMs;
      clocks.monotonic += ms;
      await watch.look();
    },
    listened: () => asked.at(-1)?.listenedMs,
  };
}

const runs = (count: number): ChangedRun[] =>
  Array.from({ length: count }, () => ({ id: createId<"run">(1), parentId: null, jobIds: [] }));

describe("the watch over runs", () => {
  test("counts as listened what passed since it was made", async () => {
    const { pass, listened } = setUp();
    await pass(1000);
    await pass(1000);
    assert.equal(listened(), 2000);
  });

  const breaks: readonly (readonly [string, number, number])[] = [
    ["after it was held up", 60_000, 0],
    ["after the wall clock went forward", 1000, 3_600_000],
    ["after the wall clock went back", 1000, -3_600_000],
  ];
  for (const [says, ms, jumpMs] of breaks) {
    test(`listens anew ${says}`, async () => {
      const { pass, listened } = setUp();
      await pass(1000);
      await pass(ms, jumpMs);
      assert.equal(listened(), 0);
      await pass(1000);
      assert.equal(listened(), 1000);
    });
  }

  test("listens anew while the store fails, says so, and goes on", async () => {
    const { pass, store, listened, errors } = setUp();
    await pass(1000);
    store.fails = true;
    await pass(1000);
    store.fails = false;
    await pass(1000);
    assert.deepEqual([listened(), errors.length], [1000, 1]);
  });

  test("listens anew when nobody could be heard", async () => {
    const { watch, pass, listened } = setUp();
    await pass(1000);
    watch.deaf();
    await pass(1000);
    assert.equal(listened(), 1000);
  });

  test("looks again at once while there are as many as one question gives", async () => {
    const { pass, store, lost, asked } = setUp();
    store.lost = [runs(200), runs(3)];
    await pass(1000);
    assert.deepEqual([lost.length, asked.length], [203, 2]);
  });

  test("tells of each moment once which jobs became late in it", async () => {
    const { pass, store, asked, late } = setUp();
    store.late = [createId<"job">(1)];
    await pass(1000);
    await pass(1000);
    assert.deepEqual(
      asked.map(({ after, until }) => [after, until]),
      [
        [1_000_000, 1_001_000],
        [1_001_000, 1_002_000],
      ],
    );
    assert.equal(late.length, 2);
  });

  test("looks for what rings by time alone once sidecars have had the time to tell", async () => {
    const { pass, store, counts } = setUp();
    store.looks.push({ looked: 200, rang: true }, { looked: 3, rang: false });
    for (let passedMs = 1000; passedMs < catchUpMs; passedMs += 1000) await pass(1000);
    assert.deepEqual(counts, { looks: 0, rang: 0 });
    await pass(1000);
    assert.deepEqual(counts, { looks: 2, rang: 1 });
    await pass(60_000);
    await pass(1000);
    assert.equal(counts.looks, 2, "it was held up and listens anew");
  });

  test("says that runs which are lost ring", async () => {
    const { pass, store, counts } = setUp();
    store.lost = [runs(2)];
    await pass(1000);
    assert.equal(counts.rang, 1);
  });

  test("looks every second once it listens, until it is ended", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { watch, asked } = setUp();
    watch.start();
    t.mock.timers.tick(1000);
    await watch.look();
    assert.ok(asked.length >= 2);
    await watch[Symbol.asyncDispose]();
    const before = asked.length;
    t.mock.timers.tick(10_000);
    await new Promise(setImmediate);
    assert.equal(asked.length, before);
  });

  describe("of one among several hubs", () => {
    const second = 1000;
    interface Row {
      readonly says: string;
      /** What holds from an instant on, in seconds from the start. */
      readonly turns: readonly (readonly [number, { isHolder?: boolean; others?: OtherHubs }])[];
      /** From when to when runs may be lost, in seconds. */
      readonly loses: readonly number[];
      readonly graceMs: number;
    }
    const rows: readonly Row[] = [
      {
        says: "loses nothing without the duty",
        turns: [[0, { isHolder: false }]],
        loses: [],
        graceMs: 0,
      },
      {
        says: "loses runs some time after it took the duty",
        turns: [[20, { isHolder: true }]],
        loses: [110],
        graceMs: 10_000,
      },
      {
        says: "loses nothing while a hub is in doubt, nor until what it was told can have come again",
        turns: [
          [0, { isHolder: true }],
          [100, { others: "in_doubt" }],
          [110, { others: "none" }],
        ],
        loses: [90, 199],
        graceMs: 0,
      },
      {
        says: "counts anew when the duty comes back",
        turns: [
          [0, { isHolder: true }],
          [100, { isHolder: false }],
          [120, { isHolder: true }],
        ],
        loses: [90, 210],
        graceMs: 10_000,
      },
    ];
    for (const { says, turns, loses, graceMs } of rows) {
      test(says, async () => {
        const fleet = { isHolder: false, others: "heard" as OtherHubs };
        const { pass, asked, late, store } = setUp(fleet);
        store.late = [createId<"job">(1)];
        const began: number[] = [];
        let before = 0;
        for (let at = 0; at < 230; at += 1) {
          Object.assign(fleet, turns.findLast(([from]) => from === at)?.[1] ?? {});
          const count = asked.length;
          await pass(at === 0 ? 0 : second);
          if (asked.length > count && before === 0) began.push(at);
          before = asked.length - count;
        }
        assert.deepEqual(began, loses);
        assert.equal(asked.at(-1)?.graceMs ?? 0, graceMs);
        assert.equal(late.length, 229, "pages of each hub are told of jobs that are late");
      });
    }
  });
});
