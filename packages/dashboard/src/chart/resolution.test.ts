import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bucketFor,
  bucketGapFor,
  bucketStart,
  gapFor,
  leastSpanMs,
  rangeMs,
  spanOf,
  stepFor,
  zoomOf,
} from "./resolution.ts";

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

const buckets: readonly (readonly [
  range: keyof typeof rangeMs,
  interval: number,
  width: number,
  step: number,
])[] = [
  ["5m", 1, 540, 2],
  ["5m", 5, 540, 5],
  ["1h", 5, 540, 15],
  ["1h", 5, 240, 30],
  ["24h", 5, 540, 600],
  ["24h", 3600, 540, 3600],
  ["1y", 5, 540, 86_400 * 1],
  ["1h", 100_000, 540, 100_000],
];
for (const [range, interval, width, step] of buckets) {
  test(`${range} of samples every ${interval} s on ${width} px is asked for in buckets of ${step} s`, () =>
    assert.equal(bucketFor({ from: 0, to: rangeMs[range] }, interval, width), step));
}

test("a bucket starts at a multiple of its width; without buckets a time stands for itself", () => {
  assert.equal(bucketStart(119_999, 60), 60_000);
  assert.equal(bucketStart(120_000, 60), 120_000);
  assert.equal(bucketStart(119_999, null), 119_999);
});

test("a sample that came late is no gap; an empty bucket among wide ones is", () => {
  assert.ok(bucketGapFor(5, 5) > 10_000);
  assert.ok(bucketGapFor(5, 5) < 15_000);
  assert.ok(bucketGapFor(60, 5) < 120_000);
});

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

const minute = 60_000;
const now = 1000 * rangeMs["24h"];
const spans: readonly (readonly [what: string, age: number, from: number])[] = [
  ["an old monitor shows the whole range", rangeMs["30d"], rangeMs["24h"]],
  ["a monitor that is younger shows all there is", 3 * rangeMs["1h"], 3 * rangeMs["1h"]],
  ["a new monitor shows a few minutes", 2000, 5 * minute],
];
for (const [what, age, from] of spans) {
  test(what, () => assert.deepEqual(spanOf("24h", now - age, now), { from: now - from, to: now }));
}
