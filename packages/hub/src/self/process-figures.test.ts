import assert from "node:assert/strict";
import { test } from "node:test";
import { createProcessFigures } from "./process-figures.ts";

function createWorld() {
  const world = { ms: 1_000, cpuMicros: 7_000_000 };
  const figures = createProcessFigures({
    clock: { monotonicMs: () => world.ms },
    monitors: () => 12,
    cpuUsage: () => ({ user: world.cpuMicros, system: 0 }),
  });
  /** `checks` a second, each so late, and half a core. */
  const run = (seconds: number, checks: number, lagSeconds = 0.01): void => {
    for (let passed = 0; passed < seconds; passed += 1) {
      world.ms += 1_000;
      world.cpuMicros += 500_000;
      for (let one = 0; one < checks; one += 1) figures.started(lagSeconds);
    }
  };
  return { figures, run };
}

test("tells rates since the start while a minute is not over", () => {
  const { figures, run } = createWorld();
  assert.deepEqual(figures.read(), {
    monitors: 12,
    checksPerSecond: 0,
    lagSeconds: 0,
    cpu: 0,
    missed: 0,
  });
  run(4, 3);
  assert.partialDeepStrictEqual(figures.read(), { checksPerSecond: 3, cpu: 0.5, lagSeconds: 0.01 });
  assert.deepEqual(figures.read(), figures.read(), "reading changes nothing");
});

test("tells of the last minute, and forgets what was before", () => {
  const { figures, run } = createWorld();
  run(30, 100);
  figures.started(4);
  run(50, 1);
  assert.equal(figures.read().lagSeconds, 4, "50 s ago");
  run(20, 1);
  assert.equal(figures.read().lagSeconds, 0.01, "70 s ago and more");
  assert.ok(figures.read().checksPerSecond < 1.2, String(figures.read().checksPerSecond));
  run(600, 0);
  figures.read();
  run(61, 0);
  assert.partialDeepStrictEqual(figures.read(), { checksPerSecond: 0, lagSeconds: 0, cpu: 0.5 });
});

test("adds up what was missed since the start", () => {
  const { figures, run } = createWorld();
  figures.missed(3);
  run(200, 1);
  figures.missed(4);
  assert.equal(figures.read().missed, 7);
});
