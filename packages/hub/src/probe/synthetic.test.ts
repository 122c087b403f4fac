import assert from "node:assert/strict";
import { test } from "node:test";
import { probeContract } from "./probe.contract.ts";
import { checkOnce, kindOf, testParts } from "./probe.kit.ts";

probeContract({
  kind: "synthetic",
  well: async () => ({ settings: { longest_wait_seconds: 0.01 } }),
  silent: async () => ({ settings: { longest_wait_seconds: 60 } }),
  target: /^made up$/,
  host: "",
});

for (const [random, value] of [
  [0, 0],
  [0.5, 50],
  [0.999_999, 100],
] as const) {
  test(`a made-up check yields ${value} where chance says ${random}`, async () => {
    const kind = kindOf("synthetic", testParts({}, { random: () => random }));
    const outcome = await checkOnce(kind, { longest_wait_seconds: 0.001 });
    assert.ok(outcome.result === "up");
    assert.equal(outcome.measurements["probe_synthetic_value"], value);
  });
}

test("a made-up check that waits longer than its limit yields −1", async () => {
  const kind = kindOf("synthetic", testParts({}, { random: () => 0 }));
  // The shortest wait is a second, whatever the limit.
  const outcome = await checkOnce(kind, { longest_wait_seconds: 5 }, { timeoutMs: 50 });
  assert.ok(outcome.result === "down");
  assert.equal(outcome.reason, "timeout");
  assert.equal(outcome.measurements["probe_synthetic_value"], -1);
});

test("a made-up check is labelled as such", () => {
  assert.equal(kindOf("synthetic").real, false);
});
