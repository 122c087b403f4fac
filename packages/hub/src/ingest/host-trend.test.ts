import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listOf } from "./host-series.ts";
import { TrendRing, trendStepMs } from "./host-trend.ts";

const list = listOf([
  { name: "belfry_host_memory_used_ratio", labels: {} },
  { name: "node_load1", labels: {} },
]);
const hourMs = 3_600_000;
const now = 10_000 * trendStepMs;

function add(ring: TrendRing, at: number, memory: number, heardAt = at): void {
  ring.add(list, Float64Array.of(at), Float64Array.of(memory, 9), undefined, heardAt);
}

describe("the last hour of a host", () => {
  test("is the mean of each bucket, and null where there is no sample", () => {
    const ring = new TrendRing();
    add(ring, now + 5, 0.2);
    add(ring, now + 6, 0.4);
    assert.ok(Math.abs((ring.mean("memoryRatio", now) ?? 0) - 0.3) < 1e-12);
    assert.equal(ring.mean("cpuRatio", now), null);
    assert.equal(ring.mean("memoryRatio", now - trendStepMs), null);
  });

  test("forgets what is older, and takes what comes late", () => {
    const ring = new TrendRing();
    for (let i = 0; i < 100; i += 1) add(ring, now + i * trendStepMs, i);
    const last = now + 99 * trendStepMs;
    assert.equal(ring.mean("memoryRatio", last), 99);
    assert.equal(ring.mean("memoryRatio", last - hourMs + trendStepMs), 70);
    assert.equal(ring.mean("memoryRatio", last - hourMs), null);
    add(ring, last - 2 * hourMs, 5, last);
    add(ring, last - trendStepMs, 100, last);
    assert.equal(ring.mean("memoryRatio", last - trendStepMs), 99);
    assert.equal(ring.mean("memoryRatio", last - 2 * hourMs), null);
  });

  test("holds on to the present when a clock that was an hour ahead is set right", () => {
    const ring = new TrendRing();
    add(ring, now + hourMs, 7, now);
    add(ring, now, 1, now);
    assert.equal(ring.mean("memoryRatio", now), 1);
  });

  test("leaves out what is absent or no number", () => {
    const ring = new TrendRing();
    ring.add(
      list,
      Float64Array.of(now, now + 1, now + 2),
      Float64Array.of(0.5, Number.NaN, 0.9, 9, 9, 9),
      Uint8Array.of(1, 1, 0, 1, 1, 1),
      now,
    );
    assert.equal(ring.mean("memoryRatio", now), 0.5);
  });

  test("is filled from the store up to what was heard since the start", () => {
    const ring = new TrendRing();
    add(ring, now, 1);
    const starts = Float64Array.of(now - trendStepMs, now);
    const ones = Float64Array.of(2, 2);
    const buckets = {
      starts,
      min: ones,
      max: ones,
      last: ones,
      sum: Float64Array.of(6, 6),
      count: ones,
    };
    ring.fill("memoryRatio", { key: { name: "x", labels: {} }, ...buckets }, now);
    assert.equal(ring.mean("memoryRatio", now - trendStepMs), 3);
    assert.equal(ring.mean("memoryRatio", now), 1);
  });

  test("has what the store says instead of what was heard of here, but not of the bucket that is not over", () => {
    const ring = new TrendRing();
    const before = now + 2 * trendStepMs;
    for (const at of [now, now + trendStepMs, before]) ring.note({ memoryRatio: 0.9 }, at, before);
    const starts = Float64Array.of(now + trendStepMs, before);
    const ones = Float64Array.of(2, 2);
    const key = { name: "x", labels: {} };
    const some = { starts, min: ones, max: ones, last: ones, count: ones };
    const buckets = { key, ...some, sum: Float64Array.of(1, 1) };
    ring.replace("memoryRatio", buckets, now, before);
    assert.equal(ring.mean("memoryRatio", now), null, "the store has none");
    assert.equal(ring.mean("memoryRatio", now + trendStepMs), 0.5);
    assert.equal(ring.mean("memoryRatio", before), 0.9);
  });

  test("takes in the latest figures that another hub heard, but not from ahead of the present", () => {
    const ring = new TrendRing();
    ring.note({ memoryRatio: 0.2, cpuRatio: null }, now, now);
    ring.note({ memoryRatio: 0.4 }, now + 1, now);
    ring.note({ memoryRatio: 9 }, now + hourMs, now);
    assert.ok(Math.abs((ring.mean("memoryRatio", now) ?? 0) - 0.3) < 1e-12);
    assert.equal(ring.mean("cpuRatio", now), null);
    assert.equal(ring.mean("memoryRatio", now + hourMs), null);
  });
});
