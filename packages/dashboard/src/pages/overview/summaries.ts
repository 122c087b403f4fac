/** Summaries of the monitors that can be seen, kept right between two fetches by what the stream says. */
import type { LiveCheck, MonitorSummary } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { createInView, type InView } from "../../live/in-view.ts";
import { worseOf } from "../../parts/status-words.ts";

export interface Summaries extends InView<MonitorSummary> {
  /** Takes in a check of a monitor. */
  note(check: LiveCheck): void;
}

/** Makes the keeper. `now` is epoch ms. */
export function createSummaries(client: Pick<Client, "summaries">, now: () => number): Summaries {
  const inView = createInView<MonitorSummary>({
    ask: (ids) => client.summaries(ids),
    now,
    isYoung: (summary) => summary.uptime_ratio === null,
  });
  return {
    ...inView,
    note: (check) => inView.change(check.id, (summary) => withCheck(summary, check)),
  };
}

/** A summary with one more check in its last slot; unchanged for a check outside of it. */
export function withCheck(summary: MonitorSummary, check: LiveCheck): MonitorSummary {
  const last = summary.bar.length - 1;
  const checkedAt = Date.parse(check.last_check?.checked_at ?? check.status_since);
  const slot = Math.floor((checkedAt - Date.parse(summary.from)) / (summary.slot_seconds * 1000));
  if (slot !== last) return summary;
  const status = worseOf(summary.bar[last] ?? null, check.status);
  const known = summary.latency_ms[last] ?? null;
  const latency = known ?? check.last_check?.latency_ms ?? null;
  if (status === summary.bar[last] && latency === known) return summary;
  return {
    ...summary,
    bar: summary.bar.with(last, status),
    latency_ms: summary.latency_ms.with(last, latency),
  };
}
