/** What the agent tells of itself in `/metrics`. Collectors have node_exporter's names. */
import type { CollectorState } from "../agent.ts";
import { counter, gauge } from "../collect/metric.ts";
import type { Metric } from "../sample/series-table.ts";
import type { HubStats } from "../send/settings.ts";
import type { Family } from "./exposition.ts";

export interface OwnState {
  readonly version: string;
  /** Of Node. */
  readonly runtime: string;
  readonly startedAt: number;
  /** Samples taken since the start. */
  readonly samples: number;
  /** Epoch ms of the latest; null: none yet. */
  readonly sampledAt: number | null;
  readonly collectors: readonly CollectorState[];
  readonly hubs: readonly HubStats[];
  /** Seconds. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

const metrics = {
  build: gauge("belfry_agent_build_info", "Version of the agent and of its runtime; always 1"),
  samples: counter("belfry_agent_samples_total", "Samples taken since the start"),
  sampledAt: gauge(
    "belfry_agent_last_sample_timestamp_seconds",
    "When the latest sample was taken",
  ),
  faults: counter("belfry_agent_collector_faults_total", "Rounds of a collector that failed"),
  duration: gauge(
    "node_scrape_collector_duration_seconds",
    "node_exporter: Duration of a collector scrape.",
  ),
  success: gauge("node_scrape_collector_success", "node_exporter: Whether a collector succeeded."),
  sent: counter("belfry_agent_sent_samples_total", "Samples a hub has acknowledged"),
  failed: counter("belfry_agent_send_failures_total", "Requests to a hub that failed, by reason"),
  refused: counter("belfry_agent_refused_samples_total", "Samples a hub refused for good"),
  spooled: gauge("belfry_agent_spool_samples", "Samples that wait for a hub"),
  spooledBytes: gauge("belfry_agent_spool_bytes", "Bytes on disk of samples that wait for a hub"),
  age: gauge(
    "belfry_agent_spool_oldest_age_seconds",
    "Age of the oldest sample that waits; 0: none",
  ),
  dropped: counter(
    "belfry_agent_spool_dropped_samples_total",
    "Samples given up because a hub did not answer for too long",
  ),
  damaged: counter("belfry_agent_spool_damaged_total", "Damaged pieces of the spool, set aside"),
  cpu: counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds."),
  resident: gauge("process_resident_memory_bytes", "Resident memory size in bytes."),
  started: gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
  ),
} as const satisfies Record<string, Metric>;

/** Every metric beside those of the collectors; documents read it. */
export const ownMetrics: readonly Metric[] = Object.values(metrics);

export function ownFamilies(state: OwnState): Family[] {
  const one = (metric: Metric, value: number, labels = {}): Family => ({
    metric,
    values: [{ labels, value }],
  });
  const each = (metric: Metric, valueOf: (state: CollectorState) => number): Family => ({
    metric,
    values: state.collectors.map((collector) => ({
      labels: { collector: collector.name },
      value: valueOf(collector),
    })),
  });
  return [
    one(metrics.build, 1, { runtime: state.runtime, version: state.version }),
    one(metrics.samples, state.samples),
    ...(state.sampledAt === null ? [] : [one(metrics.sampledAt, state.sampledAt / 1000)]),
    each(metrics.faults, ({ faults }) => faults),
    each(metrics.duration, ({ elapsedMs }) => elapsedMs / 1000),
    each(metrics.success, ({ fault }) => (fault === null ? 1 : 0)),
    ...hubFamilies(state.hubs),
    one(metrics.cpu, state.cpuSeconds),
    one(metrics.resident, state.residentBytes),
    one(metrics.started, state.startedAt / 1000),
  ];
}

function hubFamilies(hubs: readonly HubStats[]): Family[] {
  const each = (metric: Metric, valueOf: (stats: HubStats) => number): Family => ({
    metric,
    values: hubs.map((stats) => ({ labels: { hub: stats.url }, value: valueOf(stats) })),
  });
  return [
    each(metrics.sent, ({ sent }) => sent),
    {
      metric: metrics.failed,
      values: hubs.flatMap(({ url, failed }) =>
        Object.entries(failed).map(([reason, value]) => ({ labels: { hub: url, reason }, value })),
      ),
    },
    each(metrics.refused, ({ refused }) => refused),
    each(metrics.spooled, ({ spooled }) => spooled),
    each(metrics.spooledBytes, ({ spooledBytes }) => spooledBytes),
    each(metrics.age, ({ oldestAgeSeconds }) => oldestAgeSeconds ?? 0),
    each(metrics.dropped, ({ dropped }) => dropped),
    each(metrics.damaged, ({ damaged }) => damaged),
  ];
}
