/** What an event says of the end of its run, and of its progress: the rule of the hub, for destinations that keep no runs. */
import type { JobEvent } from "@belfry/contract";

export type RunEnd = "succeeded" | "failed" | "canceled";

/** What an event ends its run with; null: nothing. `finished` without a status failed if it names an error. */
export function endOf({ kind, status, metadata }: JobEvent["event"]): RunEnd | null {
  switch (kind) {
    case "error":
      return "failed";
    case "canceled":
      return "canceled";
    case "finished":
      if (status !== null && status !== "running") return status;
      return textOf(metadata, "error") === undefined ? "succeeded" : "failed";
    default:
      return null;
  }
}

/** How far a run is, 0 to 1, as a `progress` or `heartbeat` says it; counts before percentages. */
export function progressOf({ kind, metrics }: JobEvent["event"]): number | undefined {
  if (kind !== "progress" && kind !== "heartbeat") return undefined;
  const current = metricOf(metrics, "progress_current");
  const total = metricOf(metrics, "progress_total");
  const percent = metricOf(metrics, "progress_pct");
  const ratio =
    current !== undefined && total !== undefined && total > 0
      ? current / total
      : percent === undefined
        ? undefined
        : Number((percent / 100).toPrecision(12));
  return ratio === undefined ? undefined : Math.min(1, Math.max(0, ratio));
}

/** A metric of an event; undefined where there is none of this name. */
export function metricOf(metrics: JobEvent["event"]["metrics"], name: string): number | undefined {
  const value = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** A text of an event's metadata; undefined where there is none of this name, or an empty one. */
export function textOf(metadata: JobEvent["event"]["metadata"], name: string): string | undefined {
  const value = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Metrics of a run that have names of their own at a destination, or are progress. */
const named = /^(duration_s|cpu_user_s|cpu_system_s|mem_max_mb|progress_\w+)$/;

/** The job's own metrics of an event by name, sorted, at most 50. */
export function ownMetrics(
  metrics: JobEvent["event"]["metrics"],
): readonly (readonly [name: string, value: number])[] {
  return Object.entries(metrics)
    .filter(([name, value]) => !named.test(name) && Number.isFinite(value))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, 50);
}
