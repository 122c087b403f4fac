import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RecordSample } from "./record-samples.ts";
import { createSeriesClock } from "./series-clock.ts";

function sample(key: string, timeMs: number): RecordSample {
  return { key, labels: [], value: 1, timeMs };
}

const minute = 60_000;

describe("the clock of series", () => {
  it("decides nothing before a receiver was strict, nor ten minutes after", () => {
    const clock = createSeriesClock();
    clock.taken([sample("a", 5000)]);
    assert.equal(clock.isBehind(sample("a", 4000), 0), false);
    assert.equal(clock.refusedLate(0), true);
    assert.equal(clock.refusedLate(1), false);
    assert.equal(clock.isBehind(sample("a", 4000), 10 * minute), true);
    assert.equal(clock.isBehind(sample("a", 4000), 10 * minute + 1), false);
    assert.equal(clock.refusedLate(10 * minute + 1), true);
  });

  for (const { what, timeMs, expected } of [
    { what: "earlier", timeMs: 100 * minute - 1, expected: true },
    { what: "the same time again", timeMs: 100 * minute, expected: true },
    { what: "later", timeMs: 100 * minute + 1, expected: false },
    { what: "half an hour earlier", timeMs: 70 * minute, expected: false },
  ]) {
    it(`${expected ? "knows" : "does not know"} what becomes of ${what}`, () => {
      const clock = createSeriesClock();
      clock.refusedLate(0);
      clock.taken([sample("a", 100 * minute), sample("a", 90 * minute), sample("b", 1)]);
      assert.equal(clock.isBehind(sample("a", timeMs), 1), expected);
    });
  }

  it("keeps so many series, those it heard of last", () => {
    const clock = createSeriesClock(2);
    clock.refusedLate(0);
    for (const [key, at] of [
      ["a", 1000],
      ["b", 1000],
      ["a", 2000],
      ["c", 1000],
    ] as const) {
      clock.taken([sample(key, at)]);
    }
    const known = ["a", "b", "c"].filter((key) => clock.isBehind(sample(key, 1000), 1));
    assert.deepEqual(known, ["a", "c"]);
  });
});
