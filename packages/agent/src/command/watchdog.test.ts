import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Watchdog } from "./watchdog.ts";

describe("the watchdog", () => {
  for (const [intervalMs, limitMs] of [
    [1_000, 60_000],
    [5_000, 60_000],
    [30_000, 300_000],
  ] as const) {
    it(`gives up after ${limitMs / 1000} s without a sample at ${intervalMs / 1000} s`, () => {
      let now = 0;
      const silences: number[] = [];
      using watchdog = new Watchdog(
        { intervalMs },
        { monotonicMs: () => now, onSilence: (ms) => silences.push(ms) },
      );
      now = 10_000;
      watchdog.hear();
      now += limitMs - 1;
      watchdog.check();
      assert.deepEqual(silences, []);
      now += 1;
      watchdog.check();
      assert.deepEqual(silences, [limitMs]);
    });
  }
});
