import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JudgedStatus, Transition } from "../model/judgement.ts";
import type { MonitorId } from "../model/id.ts";
import { signalsOf } from "./transition-signals.ts";

function transitionTo(
  to: JudgedStatus,
  knownTo: Exclude<JudgedStatus, "unknown">,
  onlyForCertificate?: true,
): Transition {
  return {
    monitorId: "m" as MonitorId,
    from: "up",
    to,
    knownFrom: "up",
    knownTo,
    at: 1,
    decidedAt: 2,
    reason: null,
    message: null,
    failure: null,
    flapping: false,
    ...(onlyForCertificate === undefined ? {} : { onlyForCertificate }),
  };
}

describe("what is degraded for its certificate alone is told by the certificate", () => {
  const rows: readonly (readonly [string, Transition, string])[] = [
    ["slow", transitionTo("degraded", "degraded"), "raised"],
    ["its certificate", transitionTo("degraded", "degraded", true), "cleared"],
    ["Belfry could not tell while it was degraded", transitionTo("unknown", "degraded"), "nothing"],
    ["good", transitionTo("up", "up"), "cleared"],
  ];
  for (const [says, transition, expected] of rows) {
    test(`${says}: ${expected}`, () => {
      const subject = { kind: "monitor", id: "m", name: "shop" } as const;
      const signals = signalsOf(transition, { subject, labels: {} });
      const degraded = signals.filter(({ rule }) => rule === "monitor_degraded");
      assert.equal(degraded.map(({ state }) => state).join() || "nothing", expected);
    });
  }
});
