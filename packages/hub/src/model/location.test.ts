import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createId } from "./id.ts";
import { chosenWorker, mostGaps, takeSlot, type SeenSlots } from "./location.ts";

const interval = 10;

/** Takes slots one after another; `+` new, `f` fills a gap, `-` known before. */
function take(...slots: readonly number[]): { readonly kinds: string; readonly seen: SeenSlots } {
  let seen: SeenSlots | undefined;
  let kinds = "";
  for (const slot of slots) {
    const result = takeSlot(seen, slot, interval);
    kinds += { new: "+", fills: "f", duplicate: "-" }[result.kind];
    ({ seen } = result);
  }
  return { kinds, seen: seen ?? assert.fail() };
}

describe("slots of a location", () => {
  it("are new in their order, each once", () => {
    assert.equal(take(0, 10, 20, 20, 10, 0).kinds, "+++---");
  });

  it("that nobody told of are taken later, each once", () => {
    const { kinds, seen } = take(0, 50, 10, 20, 30, 40, 20, 30, 60, 50);
    assert.equal(kinds, "++ffff--+-");
    assert.equal(seen.newest, 60);
  });

  it("in a gap may come with holes, which are filled later still", () => {
    assert.equal(take(0, 100, 50, 20, 80, 50, 20, 80, 90).kinds, "++fff---f");
  });

  it("need no gap where only a retry lies between", () => {
    assert.deepEqual(take(0, 10, 13, 20).seen.gaps, []);
  });

  it("are remembered for a bounded number of gaps, the newest", () => {
    const slots = Array.from({ length: mostGaps + 10 }, (_, i) => i * 100);
    const { seen } = take(...slots);
    assert.equal(seen.gaps.length, mostGaps);
    assert.equal(takeSlot(seen, 50, interval).kind, "duplicate");
    assert.equal(takeSlot(seen, seen.newest - 50, interval).kind, "fills");
  });
});

describe("monitors of a location", () => {
  const workers = Array.from({ length: 4 }, (_, i) => createId<"worker">(1_700_000_000_000 + i));
  const monitors = Array.from({ length: 2_000 }, (_, i) => createId<"monitor">(1_600_000_000 + i));

  it("are spread evenly over its workers, each to one", () => {
    const counts = workers.map(
      (worker) => monitors.filter((id) => chosenWorker(workers, id) === worker).length,
    );
    for (const count of counts) assert.ok(count > 380 && count < 620, counts.join(" "));
  });

  it("move only from a worker that is gone", () => {
    const [gone, ...left] = workers;
    for (const id of monitors) {
      const before = chosenWorker(workers, id);
      if (before !== gone) assert.equal(chosenWorker(left, id), before);
    }
  });

  it("have nobody where there is no worker", () => {
    assert.equal(chosenWorker([], monitors[0] ?? assert.fail()), undefined);
  });
});
