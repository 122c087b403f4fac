import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatCount, formatLatency, formatPlural, formatUptime } from "./number.ts";

const latencies: readonly (readonly [ms: number | null, text: string])[] = [
  [null, "–"],
  [Number.NaN, "–"],
  [0.44, "0.4 ms"],
  [9.96, "10 ms"],
  [34.4, "34 ms"],
  [999.4, "999 ms"],
  [999.6, "1.00 s"],
  [1240, "1.24 s"],
  [12_520, "12.5 s"],
];
for (const [ms, text] of latencies) {
  test(`a latency of ${ms} ms reads ${text}`, () => assert.equal(formatLatency(ms), text));
}

const uptimes: readonly (readonly [ratio: number | null, text: string])[] = [
  [null, "–"],
  [1, "100 %"],
  [0.999_999_9, "99.99 %"],
  [0.9998, "99.98 %"],
  [0.99, "99.00 %"],
  [0.982, "98.2 %"],
  [0, "0.0 %"],
];
for (const [ratio, text] of uptimes) {
  test(`an uptime of ${ratio} reads ${text}`, () => assert.equal(formatUptime(ratio), text));
}

test("sizes, counts and plurals read naturally", () => {
  assert.equal(formatBytes(512), "512 B");
  assert.equal(formatBytes(3480), "3.4 KiB");
  assert.equal(formatBytes(300 * 1024), "300 KiB");
  assert.equal(formatCount(12_345), "12,345");
  assert.equal(formatPlural(1, "monitor"), "1 monitor");
  assert.equal(formatPlural(2, "monitor"), "2 monitors");
});
