import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createId } from "../model/id.ts";
import { createSlotNames } from "./slot-names.ts";
import { slotAt, startOfSlot } from "./slots.ts";

const monitor = { id: createId<"monitor">(1_700_000_000_000), intervalMs: 10_000 };
const begin = startOfSlot(monitor, slotAt(monitor, 1_700_000_000_000));

describe("the slot a check is for", () => {
  it("is the same at every process for a check that was due, a little early or late", () => {
    for (const late of [-20, 0, 15, 900]) {
      assert.equal(createSlotNames().slotOf(monitor, begin + late), Math.round(begin), `${late}`);
    }
  });

  it("is its own time for a retry, and for a check in between", () => {
    const names = createSlotNames();
    names.slotOf(monitor, begin);
    assert.equal(names.slotOf(monitor, begin + 5_000), Math.round(begin + 5_000));
    assert.equal(names.slotOf(monitor, begin + 10_003), Math.round(begin + 10_000));
    assert.equal(createSlotNames().slotOf(monitor, begin + 4_000), Math.round(begin + 4_000));
  });

  it("is never used twice by one process", () => {
    const names = createSlotNames();
    const slots = [0, 0, 1, 1, 2].map((ms) => names.slotOf(monitor, begin + ms));
    assert.deepEqual(
      slots,
      [...new Set(slots)].toSorted((a, b) => a - b),
    );
  });
});
