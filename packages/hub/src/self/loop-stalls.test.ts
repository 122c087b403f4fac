import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "node:test";
import { systemClock } from "../model/clock.ts";
import { watchLoop } from "./loop-stalls.ts";

function block(ms: number): { from: number; to: number } {
  const from = systemClock.monotonicMs();
  while (systemClock.monotonicMs() - from < ms);
  return { from, to: systemClock.monotonicMs() };
}

test("tells how long the loop stood still within a span, at once and later", async () => {
  const told: number[] = [];
  using stalls = watchLoop(systemClock, (seconds) => told.push(seconds));
  await delay(60);
  const { from, to } = block(400);
  const atOnce = stalls.stalledBetween(from, to);
  assert.ok(atOnce >= 390, `at once: ${atOnce}`);
  while (told.length === 0) await delay(10);
  const later = stalls.stalledBetween(from, to);
  assert.ok(later >= 390, `later: ${later}`);
  const half = stalls.stalledBetween(from + 200, to);
  assert.ok(half > 150 && half < 260, `half: ${half}`);
  assert.equal(stalls.stalledBetween(from - 10_000, from - 9000), 0);
});
