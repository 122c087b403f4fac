import assert from "node:assert/strict";
import { test } from "node:test";
import { gapFor, leastSpanMs, rangeMs, stepFor, zoomOf } from "./resolution.ts";

const cases: readonly (readonly [
  range: keyof typeof rangeMs,
  interval: number,
  step: number | null,
])[] = [
  ["1h", 1, 10],
  ["1h", 10, null],
  ["24h", 60, null],
  ["24h", 30, 300],
  ["7d", 60, 1800],
  ["7d", 3600, null],
  ["30d", 60, 7200],
  ["30d", 86_400, null],
];
for (const [range, interval, step] of cases) {
  test(`${range} of checks every ${interval} s is asked for ${step === null ? "as it is" : `in steps of ${step} s`}`, () => {
    assert.equal(stepFor({ from: 0, to: rangeMs[range] }, interval), step);
  });
}

test("a missed check or two is a gap, the retry after a failure is none", () => {
  assert.equal(gapFor(null, 60, 10), 131_000);
  assert.equal(gapFor(300, 60, 10), 450_000);
  assert.equal(gapFor(60, 100, 10), 150_000);
});

test("a click is no zoom; a short drag zooms as far as it goes", () => {
  assert.equal(zoomOf({ from: 5000, to: 5400 }), null);
  assert.deepEqual(zoomOf({ from: 60_400, to: 90_200 }), { from: 60_000, to: 91_000 });
  const short = zoomOf({ from: 60_000, to: 62_000 });
  assert.equal((short?.to ?? 0) - (short?.from ?? 0), leastSpanMs);
});
