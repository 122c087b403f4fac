/** What a hub is told of hosts that others hear, over a store that answers late or not at all; time is a number. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test, type TestContext } from "node:test";
import { createId } from "../model/id.ts";
import { HostSharing, type HostSharingParts } from "./host-sharing.ts";

beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
afterEach(() => mock.timers.reset());

type Heard = Awaited<ReturnType<HostSharingParts["store"]["heardSince"]>>["heard"];

const [a, b] = [createId<"monitor">(1), createId<"monitor">(2)];

function trial(t: Pick<TestContext, "after">) {
  let now = 1_000_000;
  const state = {
    /** `late`: answers are held back until it is `here` again. */
    store: "here" as "here" | "away" | "late",
    heard: [] as { id: typeof a; at: number }[],
    versions: new Map([[a, 1]]),
    loads: 0,
    isWhole: true,
  };
  const held: (() => void)[] = [];
  const told: string[] = [];
  const errors: unknown[] = [];
  let deafMs = 0;
  const answer = async <T>(value: () => T): Promise<T> => {
    if (state.store === "away") throw new Error("away");
    if (state.store === "late") await new Promise<void>((resolve) => held.push(resolve));
    return value();
  };
  const sharing = new HostSharing({
    clock: { now: () => now, monotonicMs: () => now },
    processId: () => "p",
    store: {
      loadHosts: () =>
        answer(() => {
          state.loads += 1;
          return [];
        }),
      noteHeard: () => answer(() => undefined),
      heardSince: () =>
        answer(() => ({
          now: 1,
          heard: state.heard.map((one) => ({ ...one, shown: null })) satisfies Heard,
        })),
    },
    hosts: {
      entries: () => [],
      row: () => undefined,
      follow: () => state.isWhole,
      heardElsewhere: () => assert.fail("nothing is shown"),
      refillTrends: () => Promise.resolve(),
    },
    deadlines: {
      heard: (id) => told.push(id === a ? "a" : "b"),
      deaf(ms) {
        deafMs += ms;
      },
    },
    *monitors() {
      for (const [id, version] of state.versions) yield { id, version };
    },
    onError: (error) => errors.push(error),
  });
  t.after(() => sharing[Symbol.asyncDispose]());
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    sharing,
    state,
    told,
    errors,
    settle,
    deaf: () => deafMs,
    pass: async (seconds: number): Promise<void> => {
      for (let n = 0; n < seconds; n += 1) {
        now += 1000;
        mock.timers.tick(1000);
        await settle();
      }
    },
    answerAll: async (): Promise<void> => {
      state.store = "here";
      for (const resolve of held.splice(0)) resolve();
      await settle();
    },
  };
}

describe("what other hubs hear", () => {
  test("is told of once for each time, but not what was heard before the start", async (t) => {
    const { sharing, state, told, pass, settle } = trial(t);
    state.heard = [{ id: a, at: 5 }];
    sharing.start();
    await settle();
    state.heard = [];
    await pass(3);
    assert.deepEqual(told, []);
    state.heard = [
      { id: a, at: 6 },
      { id: b, at: 7 },
    ];
    await pass(1);
    assert.deepEqual(told, ["a", "b"]);
  });

  test("leaves no time deaf as long as it can be read", async (t) => {
    const { sharing, pass, deaf } = trial(t);
    sharing.start();
    await pass(60);
    assert.equal(deaf(), 0);
  });

  const faults = [
    { title: "cannot be read", store: "away", seconds: 30, least: 30_000 },
    { title: "is answered too late", store: "late", seconds: 30, least: 30_000 },
    { title: "cannot be read for long", store: "away", seconds: 600, least: 600_000 },
  ] as const;
  for (const { title, store, seconds, least } of faults) {
    test(`leaves all of the time deaf in which it ${title}, and a moment more`, async (t) => {
      const { sharing, state, pass, deaf, answerAll } = trial(t);
      sharing.start();
      await pass(5);
      state.store = store;
      for (let passed = 1; passed <= seconds; passed += 1) {
        await pass(1);
        // At no time is more than a few seconds of it not accounted for.
        assert.ok(deaf() >= (passed - 3) * 1000, `${deaf()} ms after ${passed} s`);
      }
      await answerAll();
      await pass(3);
      const granted = Math.min(least, 60_000);
      assert.ok(deaf() >= least + granted, `${deaf()} ms`);
      assert.ok(deaf() <= least + granted + 10_000, `${deaf()} ms`);
      const before = deaf();
      await pass(20);
      assert.equal(deaf(), before, "nothing more once it is read again");
    });
  }

  test("cannot be read by a hub that is cut off, which it is after some seconds", async (t) => {
    const { sharing, state, pass } = trial(t);
    sharing.start();
    await pass(60);
    state.store = "away";
    await pass(4);
    assert.equal(sharing.isCutOff, false);
    await pass(3);
    assert.equal(sharing.isCutOff, true);
    state.store = "here";
    await pass(1);
    assert.equal(sharing.isCutOff, false);
  });

  test("that cannot be read is said every ten seconds", async (t) => {
    const { sharing, state, errors, pass } = trial(t);
    sharing.start();
    state.store = "away";
    await pass(60);
    assert.ok(errors.length >= 5 && errors.length <= 7, `${errors.length} times`);
  });
});

describe("all hosts", () => {
  test("are read when a monitor of one is another, and not as long as none is", async (t) => {
    const { sharing, state, pass } = trial(t);
    sharing.start();
    await pass(10);
    assert.equal(state.loads, 0);
    const changes: (() => unknown)[] = [
      () => state.versions.set(a, 2),
      () => state.versions.set(b, 1),
      () => state.versions.delete(a),
    ];
    for (const [n, change] of changes.entries()) {
      change();
      await pass(5);
      assert.equal(state.loads, n + 1);
    }
  });

  test("are read once more when somebody hints while they are read", async (t) => {
    const { sharing, state, pass, settle, answerAll } = trial(t);
    sharing.start();
    await pass(1);
    state.store = "late";
    sharing.lookSoon();
    await settle();
    sharing.lookSoon();
    await answerAll();
    await pass(2);
    assert.equal(state.loads, 2);
    await pass(10);
    assert.equal(state.loads, 2);
  });

  test("are read again where something of this hub stood against it", async (t) => {
    const { sharing, state, pass } = trial(t);
    sharing.start();
    await pass(1);
    state.isWhole = false;
    sharing.lookSoon();
    await pass(1);
    state.isWhole = true;
    await pass(10);
    assert.equal(state.loads, 2);
  });

  test("are read after the question, by however many they are asked for", async (t) => {
    const { sharing, state, settle, answerAll } = trial(t);
    state.store = "late";
    const first = sharing.follow();
    await settle();
    const others = [sharing.follow(), sharing.follow(), sharing.follow()];
    await answerAll();
    await Promise.all([first, ...others]);
    assert.equal(state.loads, 2);
  });
});
