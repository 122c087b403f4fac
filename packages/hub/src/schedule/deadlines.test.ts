import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test, type TestContext } from "node:test";
import fc from "fast-check";
import type { Clock } from "../model/clock.ts";
import { createId } from "../model/id.ts";
import { exampleMonitor } from "../model/monitor.kit.ts";
import type { Monitor } from "../model/monitor.ts";
import { createSchedule, Deadlines } from "./deadlines.ts";

beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
afterEach(() => mock.timers.reset());

interface Trial {
  readonly deadlines: Deadlines;
  /** What was concluded: `a up`, `a nothing was heard for 30 s`. */
  readonly told: string[];
  /** Moves time on, in steps of 100 ms. */
  readonly pass: (ms: number) => void;
  /** Time passes and nothing runs: the loop stands still. */
  readonly stall: (ms: number) => void;
}

function trial(t: Pick<TestContext, "after">, hearsayMs?: number): Trial {
  let now = 5_000;
  const clock: Clock = { now: () => 0, monotonicMs: () => now };
  const told: string[] = [];
  const deadlines = new Deadlines({
    clock,
    ...(hearsayMs === undefined ? {} : { hearsayMs }),
    conclude: ({ name }, outcome) =>
      told.push(`${name} ${outcome.result === "down" ? outcome.message : outcome.result}`),
  });
  t.after(() => deadlines[Symbol.dispose]());
  return {
    deadlines,
    told,
    pass(ms) {
      for (let passed = 0; passed < ms; passed += 100) {
        now += 100;
        mock.timers.tick(100);
      }
    },
    // What fell due meanwhile falls due once, when the loop goes on.
    stall(ms) {
      now += ms;
      mock.timers.tick(1000);
    },
  };
}

function host(name: string, intervalMs = 30_000): Monitor {
  return exampleMonitor({ id: createId(1), name, kind: "host", settings: {}, intervalMs });
}

describe("silence", () => {
  test("is noticed so much later as other hubs may be late to tell of being heard", (t) => {
    const { deadlines, told, pass } = trial(t, 4_000);
    const a = host("a");
    deadlines.add(a);
    pass(33_900);
    deadlines.heard(a.id);
    pass(33_900);
    assert.deepEqual(told, ["a up"]);
    pass(1_100);
    assert.deepEqual(told, ["a up", "a nothing was heard for 34 s"]);
  });

  test("is noticed when the deadline has passed, once", (t) => {
    const { deadlines, told, pass } = trial(t);
    const a = host("a");
    deadlines.add(a);
    pass(10_000);
    deadlines.heard(a.id);
    pass(29_000);
    assert.deepEqual(told, ["a up"]);
    pass(2_000);
    assert.deepEqual(told, ["a up", "a nothing was heard for 30 s"]);
    pass(500_000);
    assert.equal(told.length, 2);
  });

  test("does not count while nobody could be heard", (t) => {
    const { deadlines, told, pass } = trial(t);
    const a = host("a");
    deadlines.add(a);
    deadlines.heard(a.id);
    pass(29_000);
    deadlines.deaf(20_000);
    pass(20_000);
    assert.deepEqual(told, ["a up"]);
    pass(3_000);
    assert.equal(told.length, 2);
  });

  test("ends at once when it is heard, and can come again", (t) => {
    const { deadlines, told, pass } = trial(t);
    const a = host("a");
    deadlines.add(a);
    pass(31_000);
    deadlines.heard(a.id);
    assert.deepEqual(told, ["a nothing was heard for 30 s", "a up"]);
    pass(31_000);
    assert.equal(told.length, 3);
  });

  test("of whom was never heard is noticed after a whole deadline", (t) => {
    const { deadlines, told, pass } = trial(t);
    pass(100_000);
    deadlines.add(host("a"));
    pass(29_900);
    assert.deepEqual(told, []);
    pass(1_100);
    assert.deepEqual(told, ["a nothing was heard for 30 s"]);
  });

  test("costs whoever is heard nothing but the note", (t) => {
    const { deadlines, told, pass } = trial(t);
    const a = host("a");
    deadlines.add(a);
    for (let i = 0; i < 1000; i += 1) {
      deadlines.heard(a.id);
      pass(5_000);
    }
    assert.deepEqual(told, ["a up"]);
  });

  test("begins anew with a changed deadline", (t) => {
    const { deadlines, told, pass } = trial(t);
    const a = host("a");
    deadlines.add(a);
    pass(25_000);
    deadlines.add({ ...a, intervalMs: 60_000 });
    pass(59_000);
    assert.deepEqual(told, []);
    pass(2_000);
    assert.deepEqual(told, ["a nothing was heard for 60 s"]);
  });

  test("is nobody's who was removed", (t) => {
    const { deadlines, told, pass } = trial(t);
    const a = host("a");
    deadlines.add(a);
    deadlines.remove(a.id);
    deadlines.heard(a.id);
    pass(100_000);
    assert.deepEqual(told, []);
    assert.equal(deadlines.size, 0);
  });

  const stalls = [5_000, 29_000, 60_000, 3_600_000];
  for (const ms of stalls) {
    test(`is not what a loop that stands still for ${ms / 1000} s did not hear`, (t) => {
      const { deadlines, told, pass, stall } = trial(t);
      const a = host("a");
      deadlines.add(a);
      deadlines.heard(a.id);
      pass(25_000);
      stall(ms);
      // What waited in the sockets comes in now.
      pass(4_000);
      assert.deepEqual(told, ["a up"]);
      deadlines.heard(a.id);
      pass(29_000);
      assert.deepEqual(told, ["a up"]);
      pass(2_000);
      assert.equal(told.length, 2, "silence after it is silence");
    });
  }

  test("is noticed at once when somebody asks", async (t) => {
    const { deadlines, told, pass } = trial(t);
    const a = host("a", 30_500);
    deadlines.add(a);
    pass(30_600);
    assert.deepEqual(told, []);
    assert.equal(await deadlines.checkNow(a.id), true);
    assert.equal(told.length, 1);
    assert.equal(await deadlines.checkNow(createId(2)), false);
  });

  test("is as a simple model says, whatever happens", (t) => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant("heard" as const), who: fc.nat(2) }),
      fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(400).map((n) => n * 100) }),
      fc.record({ kind: fc.constant("add" as const), who: fc.nat(2) }),
      fc.record({ kind: fc.constant("remove" as const), who: fc.nat(2) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        const { deadlines, told, pass } = trial(t);
        const hosts = [host("a", 2_000), host("b", 10_000), host("c", 30_000)];
        const last = new Map<string, number>();
        const isUp = new Map<string, boolean>();
        const expected: string[] = [];
        let now = 0;
        for (const one of actions) {
          if (one.kind === "pass") {
            pass(one.ms);
            const until = now + one.ms;
            // Looked at every second, on whole seconds.
            for (let at = Math.floor(now / 1000) * 1000 + 1000; at <= until; at += 1000) {
              for (const { name, intervalMs } of hosts) {
                const heardAt = last.get(name);
                if (heardAt === undefined || isUp.get(name) === false) continue;
                if (at - heardAt < intervalMs) continue;
                isUp.set(name, false);
                expected.push(
                  `${name} nothing was heard for ${Math.round((at - heardAt) / 1000)} s`,
                );
              }
            }
            now = until;
            continue;
          }
          const monitor = hosts[one.who];
          assert.ok(monitor);
          const { id, name } = monitor;
          if (one.kind === "add") {
            deadlines.add(monitor);
            last.set(name, now);
            isUp.delete(name);
          } else if (one.kind === "remove") {
            deadlines.remove(id);
            last.delete(name);
          } else {
            deadlines.heard(id);
            if (!last.has(name)) continue;
            last.set(name, now);
            if (isUp.get(name) !== true) expected.push(`${name} up`);
            isUp.set(name, true);
          }
        }
        deadlines[Symbol.dispose]();
        assert.deepEqual(told.toSorted(), expected.toSorted());
      }),
      { numRuns: 200 },
    );
  });
});

describe("the schedule of all monitors", () => {
  test("waits for passive ones and checks the others", async (t) => {
    const { deadlines } = trial(t);
    const calls: string[] = [];
    const schedule = createSchedule({
      isPassive: ({ kind }) => kind === "host",
      deadlines,
      scheduler: {
        add: ({ name }, delayMs) => calls.push(`add ${name} ${delayMs}`),
        addSpread: (monitors) =>
          calls.push(`spread ${[...monitors].map(({ name }) => name).join(" ")}`),
        remove: () => calls.push("remove"),
        checkNow: () => {
          calls.push("check");
          return Promise.resolve(true);
        },
      },
    });
    const a = host("a");
    const b = exampleMonitor({ id: createId(2), name: "b" });
    schedule.addAll([a, b]);
    schedule.add(b, 7);
    assert.equal(deadlines.has(a.id), true);
    assert.equal(deadlines.has(b.id), false);
    await schedule.checkNow(a.id);
    await schedule.checkNow(b.id);
    schedule.remove(a.id);
    assert.equal(deadlines.has(a.id), false);
    assert.deepEqual(calls, ["spread b", "add b 7", "check", "remove"]);
  });
});
