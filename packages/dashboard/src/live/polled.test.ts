import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Reply } from "../api/failure.ts";
import { stopClock } from "./clock.kit.ts";
import { createPolled } from "./polled.ts";
import type { LiveListener } from "./stream.ts";

/** A hub that counts how often it is asked, and answers with the count when it is let. */
function createWorld(t: TestContext) {
  const clock = stopClock();
  const waiting: (() => void)[] = [];
  const world = {
    asked: 0,
    isSeen: true,
    isAway: false,
    isSlow: false,
    listener: {} as LiveListener,
    listeners: 0,
    answer: () => waiting.splice(0).forEach((go) => go()),
    pass: (ms: number) => clock.pass(ms),
  };
  const polled = createPolled<number>({
    async ask(): Promise<Reply<number>> {
      world.asked += 1;
      const value = world.asked;
      if (world.isSlow) await new Promise<void>((go) => waiting.push(go));
      if (world.isAway) return { kind: "failed", failure: { kind: "unreachable" } };
      return { kind: "ok", value };
    },
    everyMs: 5_000,
    live: {
      listen(listener) {
        world.listener = listener;
        world.listeners += 1;
        return () => (world.listeners -= 1);
      },
    },
    isSeen: () => world.isSeen,
  });
  t.after(() => {
    polled[Symbol.dispose]();
    clock[Symbol.dispose]();
  });
  return { world, polled };
}

test("asks at once, then again and again while somebody looks", async (t) => {
  const { world, polled } = createWorld(t);
  assert.equal(polled.value.value, null);
  await world.pass(0);
  assert.equal(polled.value.value, 1);
  await world.pass(5_000);
  assert.equal(polled.value.value, 2);
  world.isSeen = false;
  await world.pass(60_000);
  assert.equal(world.asked, 2, "nobody looks");
});

test("keeps what it has while the hub fails, and says so", async (t) => {
  const { world, polled } = createWorld(t);
  await world.pass(0);
  world.isAway = true;
  await world.pass(5_000);
  assert.deepEqual([polled.value.value, polled.failure.value?.kind], [1, "unreachable"]);
  world.isAway = false;
  await world.pass(5_000);
  assert.deepEqual([polled.value.value, polled.failure.value], [3, null]);
});

test("asks no second time while it waits, but once more where it is told to", async (t) => {
  const { world, polled } = createWorld(t);
  await world.pass(0);
  world.isSlow = true;
  await world.pass(20_000);
  assert.equal(world.asked, 2);
  world.answer();
  await world.pass(0);
  assert.equal(polled.value.value, 2);
  await world.pass(5_000);
  polled.refresh();
  polled.refresh();
  world.isSlow = false;
  world.answer();
  await world.pass(0);
  assert.deepEqual([world.asked, polled.value.value], [4, 4]);
});

test("asks anew when the stream missed something, and stops when it is over", async (t) => {
  const { world, polled } = createWorld(t);
  await world.pass(0);
  world.listener.reset?.({});
  await world.pass(0);
  assert.equal(polled.value.value, 2);
  polled[Symbol.dispose]();
  await world.pass(60_000);
  assert.deepEqual([world.asked, world.listeners], [2, 0]);
});
