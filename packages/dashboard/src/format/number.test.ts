import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatBytes,
  formatCelsius,
  formatCount,
  formatLatency,
  formatLoad,
  formatPerSecond,
  formatPlural,
  formatRate,
  formatShare,
  formatUptime,
} from "./number.ts";

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

const readings: readonly (readonly [what: string, found: string, text: string])[] = [
  ["a full size", formatBytes(1.5 * 1024 ** 4), "1.5 TiB"],
  ["a size just below the next unit", formatBytes(1023.7 * 1024), "1.0 MiB"],
  ["no rate", formatRate(null), "–"],
  ["a rate of nothing", formatRate(0), "0 B/s"],
  ["a rate", formatRate(1_234_000), "1.2 MB/s"],
  ["a high rate", formatRate(118_400_000), "118 MB/s"],
  ["no share", formatShare(null), "–"],
  ["a share of nothing", formatShare(0), "0 %"],
  ["a small share", formatShare(0.0043), "0.4 %"],
  ["a share", formatShare(0.4249), "42 %"],
  ["a share that rounds up", formatShare(0.0996), "10 %"],
  ["a load", formatLoad(0.071), "0.07"],
  ["no load", formatLoad(null), "–"],
  ["a temperature", formatCelsius(53.6), "54 °C"],
  ["some per second", formatPerSecond(0.42), "0.4/s"],
  ["many per second", formatPerSecond(1240.4), "1,240/s"],
];
for (const [what, found, text] of readings) {
  test(`${what} reads ${text}`, () => assert.equal(found, text));
}

test("sizes, counts and plurals read naturally", () => {
  assert.equal(formatBytes(512), "512 B");
  assert.equal(formatBytes(3480), "3.4 KiB");
  assert.equal(formatBytes(300 * 1024), "300 KiB");
  assert.equal(formatCount(12_345), "12,345");
  assert.equal(formatPlural(1, "monitor"), "1 monitor");
  assert.equal(formatPlural(2, "monitor"), "2 monitors");
});
