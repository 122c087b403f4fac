/** What a live check changes of a monitor. */
import type { LiveCheck, MonitorView } from "@belfry/contract";

/** A monitor with the state a check left it in. */
export function withCheck(monitor: MonitorView, check: LiveCheck): MonitorView {
  return {
    ...monitor,
    status: check.status,
    status_since: check.status_since,
    flapping: check.flapping,
    last_check: check.last_check ?? monitor.last_check,
  };
}
