import assert from "node:assert/strict";
import { test } from "node:test";
import { createHeartbeatKind } from "./heartbeat.ts";

const words = [
  [{ kind: "period", seconds: 86_400 }, "every 1 d"],
  [{ kind: "period", seconds: 5400 }, "every 90 min"],
  [{ kind: "period", seconds: 61 }, "every 61 s"],
  [{ kind: "cron", expression: "5 4 * * *", timezone: "Europe/Berlin" }, "5 4 * * * Europe/Berlin"],
] as const;

for (const [schedule, text] of words) {
  test(`a heartbeat is shown as ${text}`, () => {
    const kind = createHeartbeatKind({ now: () => 0 });
    const parsed = kind.parseSettings({ schedule });
    assert.ok(parsed.kind === "ok");
    assert.equal(kind.targetOf(parsed.value), text);
  });
}
