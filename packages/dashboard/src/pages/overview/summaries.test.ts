import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { LiveCheck, MonitorSummary } from "@belfry/contract";
import { createSummaries, withCheck } from "./summaries.ts";

const from = "2026-01-01T00:00:00.000Z";

function summary(id: string, change: Partial<MonitorSummary> = {}): MonitorSummary {
  return {
    id,
    from,
    slot_seconds: 1800,
    bar: ["up", "up", null],
    latency_ms: [10, 12, null],
    uptime_ratio: 1,
    ...change,
  };
}

function check(at: string, change: Partial<LiveCheck> = {}): LiveCheck {
  return {
    id: "a",
    status: "down",
    status_since: at,
    flapping: false,
    last_check: {
      checked_at: at,
      result: "down",
      reason: "refused",
      message: null,
      status_code: null,
      latency_ms: 3,
      location: "local",
    },
    ...change,
  };
}

test("a check colours the last slot", () => {
  const after = withCheck(summary("a"), check("2026-01-01T01:10:00.000Z"));
  assert.deepEqual(
    [after.bar, after.latency_ms],
    [
      ["up", "up", "down"],
      [10, 12, 3],
    ],
  );
});

test("the worst of a slot stays", () => {
  const before = summary("a", { bar: ["up", "up", "down"], latency_ms: [10, 12, 3] });
  const after = withCheck(before, check("2026-01-01T01:10:00.000Z", { status: "up" }));
  assert.equal(after, before);
});

for (const at of ["2026-01-01T00:10:00.000Z", "2026-01-01T01:31:00.000Z"]) {
  test(`a check outside of the last slot (${at}) changes nothing`, () => {
    const before = summary("a");
    assert.equal(withCheck(before, check(at)), before);
  });
}

test("a monitor of which nothing is known yet is asked for again soon", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  let asked = 0;
  using summaries = createSummaries(
    {
      summaries: async () => {
        asked += 1;
        return { kind: "ok", value: { items: [summary("a", { uptime_ratio: null })] } };
      },
    },
    () => Date.now(),
  );
  summaries.see(["a"]);
  mock.timers.tick(40);
  await settled();
  mock.timers.tick(15_000);
  mock.timers.tick(40);
  await settled();
  assert.equal(asked, 2);
  mock.timers.reset();
});

/** Lets promises that are resolved already run on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
