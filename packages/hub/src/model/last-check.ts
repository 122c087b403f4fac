/** The latest check of a monitor, as boards and pages show it. */
import type { LastCheck } from "./board.ts";
import type { Outcome } from "./outcome.ts";

/** What an outcome is shown as. `at`: when its check began, epoch ms. */
export function lastCheckOf(outcome: Outcome, at: number, location: string): LastCheck {
  const failed = outcome.result !== "up";
  return {
    checkedAt: at,
    result: outcome.result,
    reason: failed ? outcome.reason : null,
    message: failed ? outcome.message : null,
    statusCode: outcome.result === "unknown" ? null : outcome.statusCode,
    latencyMs: outcome.result === "unknown" ? null : outcome.durationMs,
    location,
    measurements: outcome.result === "unknown" ? {} : outcome.measurements,
  };
}
