import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "./backoff.ts";

test("waits double from a second up to half a minute", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 60].map((attempt) => backoffMs(attempt, 1)),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
});

test("waits are spread over their last quarter", () => {
  assert.equal(backoffMs(0, 0), 750);
  assert.equal(backoffMs(9, 0), 22_500);
});
