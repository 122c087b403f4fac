/** Monitors as Amaunator's targets. */
import type { TargetView, TargetWithStatusView } from "@belfry/contract";
import type { BoardEntry, LastCheck } from "../../model/board.ts";
import type { Monitor } from "../../model/monitor.ts";

/** Measurement of a made-up target that holds its value. */
export const syntheticValue = "probe_synthetic_value";

/**
 * The value of the latest check: what a made-up target yielded, the response time of a real one in whole ms, -1 for a
 * failure and null before the first check.
 */
export function lastValueOf(check: LastCheck | null, real: boolean): number | null {
  if (check === null) return null;
  if (check.result !== "up") return -1;
  const value = real ? check.latencyMs : (check.measurements[syntheticValue] ?? check.latencyMs);
  return Math.round(value ?? 0);
}

/** A target as it is answered when it was made. */
export function targetView(monitor: Monitor): TargetView {
  return {
    name: monitor.name,
    interval: Math.ceil(monitor.intervalMs / 1000),
    timeout: Math.ceil(monitor.timeoutMs / 1000),
    id: monitor.id,
  };
}

/** A target with its status. */
export function targetWithStatusView(entry: BoardEntry, real: boolean): TargetWithStatusView {
  const { monitor, lastCheck, totals } = entry;
  return {
    ...targetView(monitor),
    status: {
      last_check: lastCheck === null ? null : lastCheck.checkedAt / 1000,
      last_value: lastValueOf(lastCheck, real),
      check_count: totals.checks,
      error_count: totals.errors,
    },
  };
}
