import assert from "node:assert/strict";
import { test } from "node:test";
import { degradedBecause } from "./degraded.ts";

const judging = {
  down_after: 2,
  up_after: 1,
  retry_interval: null,
  degraded_response_time: 0.3,
  degraded_certificate_days: 14,
};
function lastCheck(latency_ms: number) {
  const nothing = { reason: null, message: null, status_code: 200, location: "local" };
  return { checked_at: "2026-01-01T00:00:00Z", result: "up" as const, latency_ms, ...nothing };
}

test("a slow answer is named before the certificate", () => {
  assert.equal(
    degradedBecause({ status: "degraded", judging, last_check: lastCheck(426) }),
    "It took 426 ms, longer than 300 ms.",
  );
  assert.equal(
    degradedBecause({ status: "degraded", judging, last_check: lastCheck(20) }),
    "Its certificate ends within 14 days.",
  );
});

test("nothing is said where nothing is known or nothing is wrong", () => {
  assert.equal(degradedBecause({ status: "up", judging, last_check: lastCheck(426) }), "");
  const neither = { ...judging, degraded_response_time: null, degraded_certificate_days: null };
  assert.equal(degradedBecause({ status: "degraded", judging: neither, last_check: null }), "");
});
