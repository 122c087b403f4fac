/**
 * The columns of each kind of record. Those of events are the Monitoring Component's, in its order. In every table the
 * second column is the id of the record: the same record never has another.
 */
import type { HostRecord, JobRecord, SinkRecord, SinkRecordKind } from "../../sink-record.ts";
import type { CellWriter } from "./cell.ts";

const hostFigures = [
  "cpu_ratio",
  "memory_ratio",
  "swap_ratio",
  "disk_ratio",
  "load1",
  "network_receive_bytes_per_second",
  "network_transmit_bytes_per_second",
  "temperature_celsius",
] as const;

/** Names of the columns, by kind of record. */
export const columns = {
  job_event: [
    "timestamp",
    "idempotency_key",
    "site_id",
    "app_id",
    "app_name",
    "app_version",
    "entity_type",
    "entity_id",
    "parent_id",
    "business_key",
    "sub_key",
    "event_kind",
    "status",
    "duration_s",
    "cpu_user_s",
    "cpu_system_s",
    "mem_max_mb",
    "metadata_json",
  ],
  check: [
    "timestamp",
    "id",
    "monitor_id",
    "monitor_name",
    "kind",
    "target",
    "result",
    "reason",
    "status",
    "latency_ms",
    "value",
    "location",
    "labels_json",
  ],
  status: [
    "timestamp",
    "id",
    "subject_kind",
    "subject_id",
    "subject_name",
    "from",
    "to",
    "reason",
    "labels_json",
  ],
  host: [
    "timestamp",
    "id",
    "host_id",
    "host_name",
    ...hostFigures,
    "other_figures_json",
    "labels_json",
  ],
} as const satisfies Record<SinkRecordKind, readonly string[]>;

/** The column that a setting adds to those of events: every metric, the job's own among them. */
export const metricsColumn = "metrics_json";

/** The cells of a record, in the order of its columns; `withMetrics` adds that of `metrics_json` to an event's. */
export function cellsOf(record: SinkRecord, cell: CellWriter, withMetrics: boolean): string[] {
  const { text, number } = cell;
  const first = [text(record.at), text(record.id)];
  switch (record.kind) {
    case "job_event":
      return [...first, ...eventCells(record, cell, withMetrics)];
    case "check": {
      const { monitor, result, reason, status, latency_ms: latency, value, location } = record;
      return [
        ...first,
        ...[monitor.id, monitor.name, monitor.kind, monitor.target].map(text),
        ...[result, reason, status].map(text),
        number(latency),
        number(value),
        text(location),
        text(jsonOf(monitor.labels)),
      ];
    }
    case "status": {
      const { subject, from, to, reason } = record;
      const texts = [subject.kind, subject.id, subject.name, from, to, reason];
      return [...first, ...[...texts, jsonOf(subject.labels)].map(text)];
    }
    case "host":
      return [...first, ...hostCells(record, cell)];
  }
}

function eventCells({ event }: JobRecord, cell: CellWriter, withMetrics: boolean): string[] {
  const { text, number } = cell;
  const { site_id: site, app, entity, event: said } = event;
  const { duration_s, cpu_user_s, cpu_system_s, mem_max_mb } = said.metrics;
  return [
    ...[site, app.app_id, app.name, app.version].map(text),
    ...[entity.type, entity.id, entity.parent_id, entity.business_key, entity.sub_key].map(text),
    ...[said.kind, said.status].map(text),
    ...[duration_s, cpu_user_s, cpu_system_s, mem_max_mb].map(number),
    text(jsonOf(said.metadata)),
    ...(withMetrics ? [text(jsonOf(said.metrics))] : []),
  ];
}

function hostCells({ host, figures }: HostRecord, { text, number }: CellWriter): string[] {
  const known = new Set<string>(hostFigures);
  const others = Object.fromEntries(Object.entries(figures).filter(([name]) => !known.has(name)));
  return [
    ...[host.id, host.name].map(text),
    ...hostFigures.map((name) => number(figures[name])),
    text(jsonOf(others)),
    text(jsonOf(host.labels)),
  ];
}

/** Empty where there is nothing in it, as the Monitoring Component has it. */
function jsonOf(value: Readonly<Record<string, unknown>>): string {
  return Object.keys(value).length === 0 ? "" : JSON.stringify(value);
}
