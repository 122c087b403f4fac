/** `GET /metrics`: the names the Monitoring Component documents, and `belfry_relay_*`, as Prometheus text. */
import type { DeliveryStats } from "../delivery/delivery.ts";
import type { SpoolStats } from "../spool/spool.ts";
import { durationBounds, type CrowdCounts, type EventOutcome, type RouteCounts } from "./counts.ts";

export interface MetricsInput {
  readonly version: string;
  readonly routes: readonly RouteCounts[];
  readonly events: Readonly<Record<EventOutcome, number>>;
  readonly crowd: CrowdCounts;
  readonly spool: SpoolStats;
  readonly sinks: readonly DeliveryStats[];
}

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [labels: Labels, value: number];

/** Writes all of them. */
export function metricsText(input: MetricsInput): string {
  return [
    ...documented(input),
    ...ofCrowd(input.crowd),
    ...ofSpool(input.spool),
    ...ofSinks(input),
  ].join("");
}

/** Events that wait for the sink that has most to do. */
export function spoolCount(sinks: readonly Pick<DeliveryStats, "depth">[]): number {
  return Math.max(0, ...sinks.map(({ depth }) => depth));
}

function documented({ routes, events, sinks, version }: MetricsInput): string[] {
  const requests = routes.flatMap(({ method, endpoint, statuses }) =>
    [...statuses].map(([status, count]): Sample => [{ method, endpoint, status }, count]),
  );
  const processed: Sample[] = [
    [{ event_type: "spool", status: "success" }, events.taken],
    [{ event_type: "spool", status: "failed" }, events.unstored],
    [{ event_type: "refused", status: "failed" }, events.refused],
    ...sinks.flatMap(({ name, delivered, failed }): Sample[] => [
      [{ event_type: `forward_${name}`, status: "success" }, delivered],
      [{ event_type: `forward_${name}`, status: "failed" }, sum(Object.values(failed))],
    ]),
  ];
  return [
    family("belfry_relay_info", "gauge", "Which release this is.", [[{ version }, 1]]),
    family("http_requests_total", "counter", "Requests by route and status.", requests),
    durations(routes),
    family("events_processed_total", "counter", "Events taken in and handed on.", processed),
    family("events_in_spool", "gauge", "Events that wait for the sink with most to do.", [
      [{}, spoolCount(sinks)],
    ]),
  ];
}

function durations(routes: readonly RouteCounts[]): string {
  const name = "http_request_duration_seconds";
  const lines = [`# HELP ${name} How long requests took.\n# TYPE ${name} histogram\n`];
  for (const { method, endpoint, buckets, count, sumSeconds } of routes) {
    let upTo = 0;
    for (const [i, bound] of durationBounds.entries()) {
      upTo += buckets[i] ?? 0;
      lines.push(line(`${name}_bucket`, { method, endpoint, le: bound }, upTo));
    }
    lines.push(line(`${name}_bucket`, { method, endpoint, le: "+Inf" }, count));
    lines.push(line(`${name}_sum`, { method, endpoint }, sumSeconds));
    lines.push(line(`${name}_count`, { method, endpoint }, count));
  }
  return lines.join("");
}

function ofCrowd({ open, dropped, limited }: CrowdCounts): string[] {
  return [
    family("belfry_relay_connections", "gauge", "Connections of clients.", [[{}, open]]),
    family(
      "belfry_relay_connections_dropped_total",
      "counter",
      "Connections closed because there were too many.",
      [[{}, dropped]],
    ),
    family(
      "belfry_relay_rate_limited_total",
      "counter",
      "Requests of clients that sent more events than they may.",
      [[{}, limited]],
    ),
  ];
}

function ofSpool(spool: SpoolStats): string[] {
  const refused = Object.entries(spool.refused).map(([reason, count]): Sample => [
    { reason },
    count,
  ]);
  const { p50Ms, p99Ms, maxMs } = spool.sync;
  const syncs: Sample[] = [
    [{ quantile: "0.5" }, p50Ms / 1000],
    [{ quantile: "0.99" }, p99Ms / 1000],
    [{ quantile: "1" }, maxMs / 1000],
  ];
  const one = (value: number): readonly Sample[] => [[{}, value]];
  return [
    family("belfry_relay_spool_bytes", "gauge", "Size of the spool, bytes.", one(spool.bytes)),
    family("belfry_relay_spool_quota_bytes", "gauge", "Its limit.", one(spool.quotaBytes)),
    family("belfry_relay_spool_events", "gauge", "Events on disk.", one(spool.records)),
    family("belfry_relay_spool_appended_total", "counter", "Events stored.", one(spool.appended)),
    family(
      "belfry_relay_spool_repeated_total",
      "counter",
      "Events that were stored before.",
      one(spool.repeated),
    ),
    family("belfry_relay_spool_refused_total", "counter", "Requests the spool refused.", refused),
    family(
      "belfry_relay_spool_damaged_bytes_total",
      "counter",
      "Bytes set aside as damaged.",
      one(spool.damage.bytes),
    ),
    family(
      "belfry_relay_spool_failing",
      "gauge",
      "1 while nothing can be stored.",
      one(spool.failure === null ? 0 : 1),
    ),
    family(
      "belfry_relay_spool_sync_seconds",
      "gauge",
      "Time of a sync, of the last thousand.",
      syncs,
    ),
  ];
}

function ofSinks({ sinks, spool }: MetricsInput): string[] {
  const each = (value: (sink: DeliveryStats) => number): readonly Sample[] =>
    sinks.map((sink) => [{ sink: sink.name }, value(sink)]);
  const failed = sinks.flatMap((sink) =>
    Object.entries(sink.failed).map(([failure, count]): Sample => [
      { sink: sink.name, class: failure },
      count,
    ]),
  );
  const dead = Object.entries(spool.dead);
  return [
    family(
      "belfry_relay_delivered_total",
      "counter",
      "Events a sink took.",
      each((sink) => sink.delivered),
    ),
    family("belfry_relay_failed_total", "counter", "Failed attempts of single events.", failed),
    family(
      "belfry_relay_queue_events",
      "gauge",
      "Events that wait for a sink.",
      each((sink) => sink.depth),
    ),
    family(
      "belfry_relay_queue_bytes",
      "gauge",
      "Their bytes on disk.",
      each((sink) => sink.bytes),
    ),
    family(
      "belfry_relay_oldest_unsent_seconds",
      "gauge",
      "Age of the oldest of them.",
      each((sink) => sink.oldestSeconds),
    ),
    family(
      "belfry_relay_dropped_total",
      "counter",
      "Events given up for the quota.",
      each((sink) => sink.dropped),
    ),
    family(
      "belfry_relay_sink_failing",
      "gauge",
      "1 while a sink is in trouble.",
      each((sink) => (sink.trouble === null ? 0 : 1)),
    ),
    family(
      "belfry_relay_dead_letters",
      "gauge",
      "Events a sink refused for good.",
      dead.map(([sink, { letters }]) => [{ sink }, letters]),
    ),
    family(
      "belfry_relay_dead_letters_dropped_total",
      "counter",
      "Dead letters given up for their limit.",
      dead.map(([sink, { dropped }]) => [{ sink }, dropped]),
    ),
  ];
}

function family(
  name: string,
  type: "counter" | "gauge",
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(([labels, value]) => line(name, labels, value));
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function line(name: string, labels: Labels, value: number): string {
  const shown = Object.entries(labels).map(([key, text]) => `${key}="${escaped(String(text))}"`);
  return `${name}${shown.length === 0 ? "" : `{${shown.join(",")}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
