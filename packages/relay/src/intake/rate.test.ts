import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRateLimit, type RateLimit } from "./rate.ts";

function limited(
  perSecond: number,
  burst: number,
): { limit: RateLimit; readonly pass: (ms: number) => void } {
  let now = 5_000;
  const limit = createRateLimit({ perSecond, burst }, () => now);
  return { limit, pass: (ms) => void (now += ms) };
}

describe("a rate", () => {
  it("lets a client send its burst at once, then so many a second", () => {
    const { limit, pass } = limited(10, 20);
    assert.equal(limit.waitOf("a"), undefined);
    limit.spend("a", 20);
    assert.equal(limit.waitOf("a"), 0.1);
    pass(100);
    assert.equal(limit.waitOf("a"), undefined);
    limit.spend("a", 1);
    assert.equal(limit.waitOf("a"), 0.1);
    pass(60_000);
    limit.spend("a", 20);
    assert.equal(limit.waitOf("a"), 0.1, "silence fills the burst and no more");
  });

  it("takes a batch larger than the burst, which is paid for afterwards", () => {
    const { limit, pass } = limited(10, 20);
    limit.spend("a", 120);
    assert.equal(limit.waitOf("a"), 10.1);
    pass(10_100);
    assert.equal(limit.waitOf("a"), undefined);
  });

  it("of one client is not that of another", () => {
    const { limit } = limited(10, 20);
    limit.spend("a", 100);
    assert.equal(limit.waitOf("b"), undefined);
  });

  it("is remembered of a bounded number of clients", () => {
    const { limit } = limited(1, 1);
    limit.spend("first", 5);
    for (let i = 0; i < 10_000; i += 1) limit.spend(`c${i}`, 5);
    assert.equal(limit.waitOf("first"), undefined);
    assert.equal(limit.waitOf("c0"), 5);
  });

  it("is no limit where none is set", () => {
    const limit = createRateLimit(null, () => 0);
    limit.spend("a", 1e9);
    assert.equal(limit.waitOf("a"), undefined);
  });
});
