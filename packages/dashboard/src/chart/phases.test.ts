import assert from "node:assert/strict";
import { test } from "node:test";
import { phaseSeconds, phasesOf } from "./phases.ts";

test("phases stand in the order in which they happen, unknown ones behind", () => {
  assert.deepEqual(
    phasesOf(["warm_up", "transfer", "slowest", "resolve"]).map(({ title }) => title),
    ["Resolve", "Transfer", "Warm up"],
  );
});

test("the phases of one check are read from its measurements", () => {
  assert.deepEqual(
    phaseSeconds({
      probe_success: 1,
      'probe_http_duration_seconds{phase="tls"}': 0.02,
      'probe_http_duration_seconds{phase="transfer"}': Number.NaN,
    }),
    { tls: 0.02 },
  );
});
