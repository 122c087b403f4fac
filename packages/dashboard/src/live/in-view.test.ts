import assert from "node:assert/strict";
import { test } from "node:test";
import { createInView, type InView } from "./in-view.ts";
import { stopClock } from "./clock.kit.ts";

interface Item {
  readonly id: string;
  readonly isYoung: boolean;
}

interface World extends Disposable {
  readonly inView: InView<Item>;
  /** What was asked for, batch by batch. */
  readonly asked: (readonly string[])[];
  answers: "all" | "nothing" | "failure";
  pass(ms: number): Promise<void>;
}

function begin(): World {
  const clock = stopClock();
  const asked: (readonly string[])[] = [];
  const inView = createInView<Item>({
    ask: async (ids) => {
      asked.push(ids);
      if (world.answers === "failure") return { kind: "failed", failure: { kind: "unreachable" } };
      const known = world.answers === "all" ? ids : [];
      const items = known.map((id) => ({ id, isYoung: id === "young" }));
      return { kind: "ok", value: { items } };
    },
    now: () => Date.now(),
    isYoung: (item) => item.isYoung,
  });
  const world: World = {
    inView,
    asked,
    answers: "all",
    pass: (ms) => clock.pass(ms),
    [Symbol.dispose]() {
      inView[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
  return world;
}

/** Lets a quarter of a minute pass, and what is due then be gathered. */
async function quarter(world: World): Promise<void> {
  await world.pass(15_000);
  await world.pass(40);
}

test("asks once for what is in view, and again when it is a minute old", async () => {
  using world = begin();
  const { inView, asked } = world;
  inView.see(["a", "b"]);
  inView.see(["b", "c"]);
  await world.pass(40);
  assert.deepEqual(asked, [["b", "c"]]);
  assert.equal(inView.of("b").value?.id, "b");
  assert.equal(inView.of("a").value, undefined);
  inView.see(["a", "b", "c"]);
  await world.pass(40);
  assert.deepEqual(asked.at(-1), ["a"]);
  for (let i = 0; i < 5; i += 1) await quarter(world);
  assert.deepEqual(asked.slice(2).flat().toSorted(), ["a", "b", "c"]);
});

test("what is young is asked for again soon, the rest is not", async () => {
  using world = begin();
  world.inView.see(["young", "old"]);
  await world.pass(40);
  await quarter(world);
  assert.deepEqual(world.asked, [["young", "old"], ["young"]]);
});

test("more than a hundred in view are asked for in batches", async () => {
  using world = begin();
  world.answers = "nothing";
  world.inView.see(Array.from({ length: 130 }, (_, i) => `m${i}`));
  for (let i = 0; i < 3; i += 1) await world.pass(40);
  assert.deepEqual(
    world.asked.map((ids) => ids.length),
    [100, 30],
  );
});

test("what could not be read is asked for again in the next round, not before", async () => {
  using world = begin();
  world.answers = "failure";
  world.inView.see(["a"]);
  await world.pass(40);
  world.inView.see(["a"]);
  await world.pass(40);
  assert.equal(world.asked.length, 1);
  world.answers = "all";
  await quarter(world);
  assert.equal(world.asked.length, 2);
  assert.equal(world.inView.of("a").value?.id, "a");
});

test("a refresh asks anew for what is in view", async () => {
  using world = begin();
  world.inView.see(["a"]);
  await world.pass(40);
  world.inView.see(["b"]);
  await world.pass(40);
  world.inView.refresh();
  await world.pass(40);
  assert.deepEqual(world.asked, [["a"], ["b"], ["b"]]);
});

test("what is known can be changed, what is not cannot", async () => {
  using world = begin();
  world.inView.see(["a"]);
  await world.pass(40);
  for (const id of ["a", "b"]) world.inView.change(id, (item) => ({ ...item, isYoung: true }));
  assert.equal(world.inView.of("a").value?.isYoung, true);
  assert.equal(world.inView.of("b").value, undefined);
});
