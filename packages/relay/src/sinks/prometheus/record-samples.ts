/**
 * Records as samples. Events are points in time and not counters, so that a restart or a second delivery makes nothing
 * wrong: every sample is a gauge at the time of its record, and the same record gives the same samples.
 *
 *     started                    belfry_job_last_run_timestamp_seconds, belfry_job_status
 *     progress, heartbeat        belfry_job_progress_ratio; heartbeat: belfry_job_last_heartbeat_timestamp_seconds
 *     metric                     belfry_run_<name>
 *     finished, error, canceled  belfry_job_last_end_timestamp_seconds, …_last_success_… or …_last_failure_…,
 *                                belfry_job_status, belfry_run_duration_seconds, …_cpu_user_seconds, …_cpu_system_seconds,
 *                                …_memory_max_bytes, belfry_run_<name>
 *     check                      probe_success, probe_duration_seconds, belfry_monitor_info
 *     status                     belfry_monitor_status or belfry_host_status
 *     host                       node_load1 … where node_exporter means the same, else belfry_host_<figure>
 *
 * A job's series have the labels site, app, job, sub_job and type, and never the id of a run: each run would be new series.
 */
import { runStatuses, statuses, type JobEvent } from "@belfry/contract";
import type {
  CheckRecord,
  HostRecord,
  JobRecord,
  SinkRecord,
  StatusRecord,
} from "../../sink-record.ts";
import { endOf, metricOf, ownMetrics, progressOf } from "../run-end.ts";
import type { Label } from "./write-request.ts";

/** One sample and the series it belongs to. */
export interface RecordSample {
  /** The same for the same series. */
  readonly key: string;
  /** With `__name__`; sorted by name, none empty. */
  readonly labels: readonly Label[];
  readonly value: number;
  readonly timeMs: number;
}

export interface SampleNames {
  /** Put before the name of every metric. */
  readonly prefix: string;
  /** On every series; what a record says itself wins. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The samples of a record; none where it holds no figure. undefined when its time cannot be read. */
export function samplesOf(
  record: SinkRecord,
  names: SampleNames,
): readonly RecordSample[] | undefined {
  const timeMs = Date.parse(record.at);
  if (!Number.isFinite(timeMs)) return undefined;
  const found = new Map<string, RecordSample>();
  for (const { name, labels = {}, value } of figuresOf(record, timeMs / 1000)) {
    const all = labelsOf(`${names.prefix}${name}`, { ...names.labels, ...labels });
    const key = all.map((pair) => pair.join("\u0000")).join("\u0001");
    // Two names of a job's own that are written alike are one series: the first of them.
    if (!found.has(key)) found.set(key, { key, labels: all, value, timeMs });
  }
  return [...found.values()];
}

interface Figure {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

function figuresOf(record: SinkRecord, seconds: number): Figure[] {
  switch (record.kind) {
    case "job_event":
      return jobFigures(record, seconds);
    case "check":
      return checkFigures(record);
    case "status":
      return statusFigures(record);
    case "host":
      return hostFigures(record);
  }
}

function jobFigures({ event: whole }: JobRecord, seconds: number): Figure[] {
  const { event } = whole;
  const figures: Figure[] = [];
  const add = (name: string, value: number | undefined): void => {
    if (value !== undefined) figures.push({ name, value });
  };
  const end = endOf(event);
  if (event.kind === "started") add("belfry_job_last_run_timestamp_seconds", seconds);
  if (event.kind === "heartbeat") add("belfry_job_last_heartbeat_timestamp_seconds", seconds);
  add("belfry_job_progress_ratio", progressOf(event));
  if (end !== null) {
    add("belfry_job_last_end_timestamp_seconds", seconds);
    if (end === "succeeded") add("belfry_job_last_success_timestamp_seconds", seconds);
    if (end === "failed") add("belfry_job_last_failure_timestamp_seconds", seconds);
    for (const [name, value] of runFigures(event.metrics)) add(name, value);
  }
  if (end !== null || event.kind === "metric") {
    for (const [name, value] of ownMetrics(event.metrics)) add(`belfry_run_${plain(name)}`, value);
  }
  const state = end ?? (event.kind === "started" ? "running" : undefined);
  const labels = jobLabels(whole);
  return [
    ...figures.map((figure) => ({ ...figure, labels })),
    ...(state === undefined ? [] : stateSet("belfry_job_status", labels, state, runStatuses)),
  ];
}

const bytesOfMb = 1_048_576;

function runFigures(
  metrics: JobEvent["event"]["metrics"],
): readonly (readonly [string, number | undefined])[] {
  const memoryMb = metricOf(metrics, "mem_max_mb");
  return [
    ["belfry_run_duration_seconds", metricOf(metrics, "duration_s")],
    ["belfry_run_cpu_user_seconds", metricOf(metrics, "cpu_user_s")],
    ["belfry_run_cpu_system_seconds", metricOf(metrics, "cpu_system_s")],
    ["belfry_run_memory_max_bytes", memoryMb === undefined ? undefined : memoryMb * bytesOfMb],
  ];
}

function jobLabels({ site_id: site, app, entity }: JobEvent): Record<string, string> {
  return {
    site,
    app: app.name,
    job: entity.business_key ?? "",
    sub_job: entity.sub_key ?? "",
    type: entity.type,
  };
}

function checkFigures({ monitor, result, latency_ms: ms, location }: CheckRecord): Figure[] {
  const labels = {
    monitor: monitor.id,
    kind: monitor.kind,
    instance: monitor.target,
    // As in the exposition of the hub, which checks from `local` only.
    location: location === "local" ? "" : location,
  };
  const info = { ...labelled(monitor.labels), ...labels, name: monitor.name };
  return [
    // Belfry's own trouble is neither: there is no sample.
    ...(result === "unknown"
      ? []
      : [{ name: "probe_success", labels, value: result === "up" ? 1 : 0 }]),
    ...(ms === null ? [] : [{ name: "probe_duration_seconds", labels, value: ms / 1000 }]),
    { name: "belfry_monitor_info", labels: info, value: 1 },
  ];
}

function statusFigures({ subject, to }: StatusRecord): Figure[] {
  const name = `belfry_${subject.kind}_status`;
  return stateSet(name, { [subject.kind]: subject.id, name: subject.name }, to, statuses);
}

/** Figures of a host that node_exporter has under a name of its own, in the same unit. */
const nodeNames: Readonly<Record<string, string>> = {
  load1: "node_load1",
  load5: "node_load5",
  load15: "node_load15",
  boot_time: "node_boot_time_seconds",
};

function hostFigures({ host, figures }: HostRecord): Figure[] {
  const labels = { host: host.id, instance: host.name };
  const info = { ...labelled(host.labels), ...labels };
  return [
    ...Object.entries(figures)
      .filter(([, value]) => Number.isFinite(value))
      .map(([figure, value]) => ({
        name: nodeNames[figure] ?? `belfry_host_${plain(figure)}`,
        labels,
        value,
      })),
    { name: "belfry_host_info", labels: info, value: 1 },
  ];
}

/** One series for each state, 1 for the one that holds and 0 for the others. */
function stateSet(
  name: string,
  labels: Readonly<Record<string, string>>,
  state: string,
  states: readonly string[],
): Figure[] {
  return states.map((one) => ({
    name,
    labels: { ...labels, status: one },
    value: one === state ? 1 : 0,
  }));
}

/** Labels of a monitor or host, as kube-state-metrics names those of others. */
function labelled(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [`label_${plain(name)}`, value]),
  );
}

/** Text as a part of a metric's or label's name. */
function plain(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9_]/g, "_");
}

/** Receivers cut or refuse what is longer. */
const longestValue = 1024;

function labelsOf(name: string, labels: Readonly<Record<string, string>>): readonly Label[] {
  const all: Label[] = [["__name__", name]];
  for (const [label, value] of Object.entries(labels)) {
    // A label without a value is none.
    if (value === "") continue;
    all.push([label, value.length > longestValue ? value.slice(0, longestValue) : value]);
  }
  return all.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
