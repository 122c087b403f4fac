import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createPostLimit } from "./post-limit.ts";

function clockAt(): { now(): number; monotonicMs(): number; ms: number } {
  const clock = { ms: 0, now: () => clock.ms, monotonicMs: () => clock.ms };
  return clock;
}

describe("the limit of posts", () => {
  test("counts those of the last 60 s of each address by itself", () => {
    const clock = clockAt();
    const wait = createPostLimit(2, clock);
    assert.equal(wait("a"), 0);
    clock.ms = 20_000;
    assert.equal(wait("a"), 0);
    assert.equal(wait("a"), 40);
    assert.equal(wait("b"), 0);
    clock.ms = 59_999;
    assert.equal(wait("a"), 1);
    clock.ms = 60_000;
    assert.equal(wait("a"), 0, "what was refused did not count");
    assert.equal(wait("a"), 20);
  });

  test("of 0 is none", () => {
    const wait = createPostLimit(0, clockAt());
    for (let i = 0; i < 1000; i += 1) assert.equal(wait("a"), 0);
  });
});
