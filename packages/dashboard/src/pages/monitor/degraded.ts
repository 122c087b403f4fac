/** Why a monitor that answers is degraded: it is slow, or its certificate is near its end. */
import type { MonitorView } from "@belfry/contract";
import { formatLatency } from "../../format/number.ts";

/** One sentence; empty for a monitor that is not degraded, or of which that cannot be told. */
export function degradedBecause(
  monitor: Pick<MonitorView, "status" | "judging" | "last_check">,
): string {
  if (monitor.status !== "degraded") return "";
  const { degraded_response_time: seconds, degraded_certificate_days: days } = monitor.judging;
  const latency = monitor.last_check?.latency_ms ?? null;
  if (seconds !== null && latency !== null && latency > seconds * 1000) {
    return `It took ${formatLatency(latency)}, longer than ${formatLatency(seconds * 1000)}.`;
  }
  return days === null ? "" : `Its certificate ends within ${days} days.`;
}
