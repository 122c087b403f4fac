import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createId } from "../model/id.ts";
import { planFirst, planTakeOver, slotAt, startOfSlot, type TakeOver } from "./slots.ts";

const id = createId<"monitor">(1);
const monitor = { id, intervalMs: 10_000 };
/** When a slot of the monitor begins, epoch ms. */
const slot = (n: number): number => startOfSlot(monitor, 1000 + n);

describe("slots", () => {
  test("are numbered without gaps or overlaps, whoever counts", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 86_400_000 }),
        fc.integer({ min: 1, max: 4e12 }),
        (intervalMs, at) => {
          const one = { id, intervalMs };
          const n = slotAt(one, at);
          // Half a millisecond for the floating point: phases are no whole numbers.
          assert.ok(startOfSlot(one, n) <= at + 0.5);
          assert.ok(startOfSlot(one, n + 1) > at - 0.5);
        },
      ),
    );
  });
});

describe("a take-over", () => {
  const cases: readonly {
    readonly title: string;
    readonly now: number;
    readonly lastCheckedAt: number | null;
    readonly safeFrom: number;
    readonly expected: Pick<TakeOver, "missed" | "knownUntil"> & { readonly isChecked: boolean };
  }[] = [
    {
      title: "of what was never checked waits for the next slot",
      now: slot(5) + 3000,
      lastCheckedAt: null,
      safeFrom: 0,
      expected: { isChecked: false, missed: 0, knownUntil: null },
    },
    {
      title: "within a slot that was used waits for the next",
      now: slot(5) + 3000,
      lastCheckedAt: slot(5) + 20,
      safeFrom: slot(5) + 2000,
      expected: { isChecked: false, missed: 0, knownUntil: null },
    },
    {
      title: "within a slot that began afterwards uses it",
      now: slot(6) + 3000,
      lastCheckedAt: slot(5) + 20,
      safeFrom: slot(5) + 9000,
      expected: { isChecked: true, missed: 0, knownUntil: null },
    },
    {
      title: "within a slot that the other may have used leaves it, and counts it",
      now: slot(6) + 3000,
      lastCheckedAt: slot(5) + 20,
      safeFrom: slot(6) + 1000,
      expected: { isChecked: false, missed: 1, knownUntil: slot(5) + 20 + 10_000 },
    },
    {
      title: "counts every slot in between",
      now: slot(8) + 3000,
      lastCheckedAt: slot(5) + 20,
      safeFrom: slot(7) + 1000,
      expected: { isChecked: true, missed: 2, knownUntil: slot(5) + 20 + 10_000 },
    },
    {
      title: "takes a check that began a little early, by another clock, for that of its slot",
      now: slot(5) + 3000,
      lastCheckedAt: slot(5) - 300,
      safeFrom: slot(5) - 1000,
      expected: { isChecked: false, missed: 0, knownUntil: null },
    },
    {
      title: "does not mind a check from the future",
      now: slot(5) + 3000,
      lastCheckedAt: slot(9),
      safeFrom: slot(5),
      expected: { isChecked: false, missed: 0, knownUntil: null },
    },
  ];
  for (const { title, expected, ...given } of cases) {
    test(title, () => {
      const { delayMs, soonerMs, missed, knownUntil } = planTakeOver(monitor, given);
      assert.ok(
        Math.abs(given.now + delayMs - startOfSlot(monitor, slotAt(monitor, given.now) + 1)) < 1,
      );
      assert.deepEqual({ isChecked: soonerMs !== null, missed, knownUntil }, expected);
      if (soonerMs !== null) assert.ok(soonerMs >= 0 && soonerMs < delayMs);
    });
  }
});

describe("a monitor nobody knows the last check of", () => {
  test("is checked soon, and then at its slots", () => {
    for (const intervalMs of [1_000, 60_000, 86_400_000]) {
      const monitor = { id: createId<"monitor">(0), intervalMs };
      const now = 1_750_000_000_000;
      const { delayMs, soonerMs, missed, knownUntil } = planFirst(monitor, now, now - 5_000);
      assert.equal(now + delayMs, startOfSlot(monitor, slotAt(monitor, now) + 1));
      assert.ok(soonerMs !== null && soonerMs >= 0 && soonerMs < Math.min(delayMs, 10_000));
      assert.deepEqual([missed, knownUntil], [0, now - 5_000]);
    }
  });
});
