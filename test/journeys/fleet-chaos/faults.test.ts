import assert from "node:assert/strict";
import { test } from "node:test";
import { faultKinds } from "./evidence.ts";
import { planFaults, seededRandom } from "./faults.ts";

const settings = {
  processes: 6,
  forMs: 600_000,
  pauseMs: [5_000, 20_000],
  lastsMs: { kill: [500, 5_000], stop: [1_000, 60_000], cut: [1_000, 40_000], restart: [0, 3_000] },
} as const;

test("a seed gives the same faults each time, and another seed others", () => {
  const plan = (seed: number) => planFaults(settings, seededRandom(seed));
  assert.deepEqual(plan(7), plan(7));
  assert.notDeepEqual(plan(7), plan(8));
});

test("every kind comes, no process is hurt twice at once, and one stays well", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const plan = planFaults(settings, seededRandom(seed));
    assert.deepEqual(
      new Set(plan.map(({ kind }) => kind)),
      new Set(faultKinds),
      `seed ${seed} lacks a kind`,
    );
    for (const one of plan) {
      const isHurtAlready = (process: number): boolean =>
        plan.some(
          (other) =>
            other.process === process &&
            other.afterMs < one.afterMs &&
            one.afterMs < other.afterMs + other.lastsMs,
        );
      if (one.process !== null) assert.ok(!isHurtAlready(one.process), `seed ${seed}`);
      const hurt = [0, 1, 2, 3, 4, 5].filter(isHurtAlready).length;
      assert.ok(hurt + (one.process === null ? 0 : 1) < settings.processes, `seed ${seed}`);
    }
  }
});
