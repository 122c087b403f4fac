import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  duties,
  fairShares,
  hintTopics,
  kindOfShare,
  shareCounts,
  shareNames,
  shareOf,
  weightOf,
} from "./fleet.ts";
import { createId, parseId } from "./id.ts";

const weights = fc.array(fc.constantFrom(0.25, 0.5, 1), { minLength: 1, maxLength: 12 });
const totals = fc.integer({ min: 0, max: 300 });
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe("fair shares", () => {
  const table: { title: string; total: number; weights: number[]; expected: number[] }[] = [
    { title: "are all for one", total: 256, weights: [0.25], expected: [256] },
    { title: "are even among equals", total: 256, weights: [1, 1], expected: [128, 128] },
    {
      title: "that do not divide go to the first",
      total: 64,
      weights: [1, 1, 1],
      expected: [22, 21, 21],
    },
    { title: "follow the weights", total: 256, weights: [1, 0.5, 0.5], expected: [128, 64, 64] },
    {
      title: "that are few leave some with none",
      total: 3,
      weights: [1, 1, 1, 1],
      expected: [1, 1, 1, 0],
    },
    { title: "are none where nobody counts", total: 9, weights: [0, 0], expected: [0, 0] },
    { title: "are none for nobody", total: 9, weights: [], expected: [] },
  ];
  for (const { title, total, weights: given, expected } of table) {
    test(title, () => assert.deepEqual(fairShares(total, given), expected));
  }

  test("add up, are whole, and are less than one from what is exact", () => {
    fc.assert(
      fc.property(totals, weights, (total, given) => {
        const shares = fairShares(total, given);
        assert.equal(sum(shares), total);
        for (const [i, share] of shares.entries()) {
          assert.ok(Number.isInteger(share) && share >= 0);
          assert.ok(Math.abs(share - (total * (given[i] ?? 0)) / sum(given)) < 1);
        }
      }),
    );
  });

  test("do not give less to who counts for more", () => {
    fc.assert(
      fc.property(totals, weights, (total, given) => {
        const shares = fairShares(total, given);
        for (const [i, a] of given.entries()) {
          for (const [j, b] of given.entries()) {
            if (a > b) assert.ok((shares[i] ?? 0) >= (shares[j] ?? 0));
          }
        }
      }),
    );
  });

  test("of those who were there do not grow when one more joins", () => {
    fc.assert(
      fc.property(totals, weights, (total, given) => {
        const before = fairShares(total, given);
        const after = fairShares(total, [...given, 1]);
        // A share that does not divide may go to another one.
        for (const [i, share] of before.entries()) assert.ok((after[i] ?? 0) <= share + 1);
      }),
    );
  });
});

describe("a share", () => {
  test("is named once, and its name says what it is about", () => {
    assert.equal(new Set(shareNames).size, shareNames.length);
    for (const kind of ["check", "hear"] as const) {
      assert.equal(
        shareNames.filter((name) => kindOfShare(name) === kind).length,
        shareCounts[kind],
      );
    }
    assert.deepEqual(
      shareNames.filter((name) => kindOfShare(name) === "duty"),
      duties.map((duty) => `duty-${duty}`),
    );
  });

  test("of a monitor never changes: processes of two releases must agree", () => {
    const table = [
      ["018bcfe5-6800-716d-b21d-c12c36f00000", "check-0", "hear-0"],
      ["018bcfe5-6800-716d-b21d-c12c36f000ff", "check-255", "hear-63"],
      ["018bcfe5-6800-716d-b21d-c12c36f02e15", "check-21", "hear-21"],
      ["018bcfe5-6800-716d-b21d-c12c36f0ff41", "check-65", "hear-1"],
    ] as const;
    for (const [text, check, hear] of table) {
      const id = parseId<"monitor">(text);
      assert.ok(id !== undefined);
      assert.deepEqual([shareOf("check", id), shareOf("hear", id)], [check, hear]);
    }
  });

  test("has about as many monitors as any other, though they are made at one instant", () => {
    const counts = new Map<string, number>();
    const each = 40;
    for (let i = 0; i < shareCounts.check * each; i += 1) {
      const name = shareOf("check", createId<"monitor">(1_700_000_000_000));
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    assert.equal(counts.size, shareCounts.check);
    // Eight standard deviations of a random spread.
    for (const count of counts.values()) assert.ok(Math.abs(count - each) < 8 * Math.sqrt(each));
  });
});

describe("a process counts for", () => {
  const table = [
    { lagSeconds: 0, expected: 1 },
    { lagSeconds: 0.99, expected: 1 },
    { lagSeconds: 1, expected: 0.5 },
    { lagSeconds: 4.99, expected: 0.5 },
    { lagSeconds: 5, expected: 0.25 },
    { lagSeconds: 900, expected: 0.25 },
  ];
  for (const { lagSeconds, expected } of table) {
    test(`${expected} when its checks begin ${lagSeconds} s late`, () => {
      assert.equal(weightOf({ lagSeconds }), expected);
    });
  }
});

test("topics of hints are single words: they travel with spaces between them", () => {
  for (const topic of hintTopics) assert.match(topic, /^[a-z]+$/);
});
