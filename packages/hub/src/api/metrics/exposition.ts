/**
 * What `GET /metrics` answers: Belfry's own metrics, then one family after another over all monitors and all hosts. Made in slices
 * with pauses, because with ten thousand monitors it is megabytes and a check must not wait for it. All families speak
 * of the same instant: what is shown of each monitor is taken first.
 *
 * Monitors are named by their id, so that a changed name breaks no series; `belfry_monitor_info` joins the name.
 */
import { statuses, type Status } from "@belfry/contract";
import type { MetricObjectWithValues, MetricValue } from "prom-client";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BoardEntry, LastCheck } from "../../model/board.ts";
import { commonMetrics, type CheckKind, type MetricSpec } from "../../model/check-kind.ts";
import type { Monitor } from "../../model/monitor.ts";
import { parseMetricKey } from "../../model/monitor-series.ts";
import { lastValueOf } from "../drop-in/target.ts";
import { targetOf } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import type { OutputStats, OutputStatus } from "../output-port.ts";
import { familyHeader, labelText, sampleLine, type FamilyType, type Format } from "./format.ts";

export type ExpositionParts = Pick<ApiParts, "board" | "hosts" | "kinds" | "registry" | "outputs">;

/** Makes the answer, as pieces of text. */
export type Exposition = (format: Format) => AsyncIterable<string>;

/** A slice lasts at most this long, in ms. */
const sliceMs = 4;
const pieceLength = 64 * 1024;

/** What is shown of one monitor. */
interface Row {
  readonly monitor: Monitor;
  readonly status: Status;
  readonly check: LastCheck | null;
  readonly real: boolean;
  /** `monitor="…",kind="…",instance="…"` */
  readonly labels: string;
}

/** Makes the exposition over the hub's parts. */
export function createExposition(parts: ExpositionParts): Exposition {
  const labels = new WeakMap<Monitor, string>();
  const families = probeFamilies(parts.kinds);
  function rowOf({ monitor, status, lastCheck }: BoardEntry): Row {
    const kind = parts.kinds.get(monitor.kind);
    let text = labels.get(monitor);
    if (text === undefined) {
      const instance = targetOf(monitor, kind);
      text = labelText({ monitor: monitor.id, kind: monitor.kind, instance });
      labels.set(monitor, text);
    }
    const check = monitor.enabled ? lastCheck : null;
    return { monitor, status, check, real: kind?.real ?? true, labels: text };
  }
  return async function* expose(format) {
    const own = await parts.registry.getMetricsAsJSON();
    const rows = Array.from(parts.board.entries(), rowOf);
    const hosts = Array.from(parts.board.hostEntries(), (entry) => hostRowOf(parts, entry));
    yield* inSlices([
      ownMetrics(format, own),
      outputMetrics(format, parts.outputs.counts(), rows.length),
      eachOutput(format, parts.outputs.status().outputs),
      boardMetrics(format, rows),
      watchedHosts(format, hosts),
      ...families.map((family) => probeMetrics(format, family, rows)),
    ]);
    if (format === "openmetrics") yield "# EOF\n";
  };
}

/** Gathers lines into pieces and lets others run when a slice is over. */
async function* inSlices(sections: Iterable<Iterable<string>>): AsyncIterable<string> {
  let piece = "";
  let startedAt = performance.now();
  let lines = 0;
  for (const section of sections) {
    for (const line of section) {
      piece += line;
      lines += 1;
      if (piece.length >= pieceLength) {
        yield piece;
        piece = "";
      }
      if (lines % 64 === 0 && performance.now() - startedAt > sliceMs) {
        await nextTurn();
        startedAt = performance.now();
      }
    }
  }
  if (piece !== "") yield piece;
}

function* ownMetrics(
  format: Format,
  metrics: readonly MetricObjectWithValues<MetricValue<string>>[],
): Iterable<string> {
  for (const { name, type, help, values } of metrics) {
    if (values.length === 0) continue;
    yield familyHeader(format, name, familyType(String(type)), help);
    for (const value of values) {
      const sample =
        "metricName" in value && typeof value.metricName === "string" ? value.metricName : name;
      yield sampleLine(sample, labelText(definedLabels(value.labels)), value.value);
    }
  }
}

function familyType(type: string): FamilyType {
  return type === "counter" || type === "histogram" || type === "summary" ? type : "gauge";
}

function definedLabels(
  labels: Readonly<Partial<Record<string, string | number>>>,
): Record<string, string | number> {
  const defined: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(labels))
    if (value !== undefined) defined[name] = value;
  return defined;
}

function* outputMetrics(
  format: Format,
  { waiting, handedOver, failed }: OutputStats,
  monitors: number,
): Iterable<string> {
  yield* single(format, "amaunator_active_targets", "gauge", "Number of monitors", monitors);
  yield* single(
    format,
    "amaunator_processed_messages_total",
    "counter",
    "Results handed to the outputs",
    handedOver,
  );
  yield* single(
    format,
    "amaunator_processing_errors_total",
    "counter",
    "Results the outputs failed to take",
    failed,
  );
  yield* single(
    format,
    "amaunator_queue_size",
    "gauge",
    "Results that wait for the outputs",
    waiting,
  );
}

const outputFamilies: readonly {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly of: (output: OutputStatus) => number;
}[] = [
  {
    name: "belfry_output_delivered_total",
    type: "counter",
    help: "Records an output took",
    of: ({ delivered }) => delivered,
  },
  {
    name: "belfry_output_waiting_records",
    type: "gauge",
    help: "Records that wait on disk for an output",
    of: ({ depth }) => depth,
  },
  {
    name: "belfry_output_oldest_waiting_seconds",
    type: "gauge",
    help: "Age of the oldest record that waits for an output",
    of: ({ oldestSeconds }) => oldestSeconds,
  },
  {
    name: "belfry_output_failing",
    type: "gauge",
    help: "1 while an output does not take what it is given",
    of: ({ trouble }) => (trouble === null ? 0 : 1),
  },
  {
    name: "belfry_output_dead_letters",
    type: "gauge",
    help: "Records an output refused for good, which are kept",
    of: ({ deadLetters }) => deadLetters,
  },
];

function* eachOutput(format: Format, outputs: readonly OutputStatus[]): Iterable<string> {
  if (outputs.length === 0) return;
  for (const { name, type, help, of } of outputFamilies) {
    yield familyHeader(format, name, type, help);
    for (const one of outputs) yield sampleLine(name, labelText({ output: one.name }), of(one));
  }
  yield familyHeader(
    format,
    "belfry_output_failed_total",
    "counter",
    "Attempts of records that failed",
  );
  for (const { name: output, failed } of outputs) {
    for (const [failure, count] of Object.entries(failed)) {
      yield sampleLine("belfry_output_failed_total", labelText({ output, class: failure }), count);
    }
  }
}

function* single(
  format: Format,
  name: string,
  type: FamilyType,
  help: string,
  value: number,
): Iterable<string> {
  yield familyHeader(format, name, type, help) + sampleLine(name, "", value);
}

function* boardMetrics(format: Format, rows: readonly Row[]): Iterable<string> {
  const counts = new Map<Status, number>(statuses.map((status) => [status, 0]));
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  yield familyHeader(format, "belfry_monitors", "gauge", "Monitors by status");
  for (const [status, count] of counts)
    yield sampleLine("belfry_monitors", `status="${status}"`, count);
  const up = (counts.get("up") ?? 0) + (counts.get("degraded") ?? 0);
  yield* single(format, "sentinel_monitors_up", "gauge", "Monitors that are up", up);
  if (rows.length === 0) return;
  yield familyHeader(format, "belfry_monitor_info", "gauge", "Always 1; joins names to monitors");
  for (const { monitor, labels } of rows) {
    yield sampleLine("belfry_monitor_info", `${labels},${labelText({ name: monitor.name })}`, 1);
  }
  const header = familyHeader(
    format,
    "amaunator_target_value",
    "gauge",
    "Latest value of a target: response time in ms, -1 for a failure",
  );
  yield* family(header, rows, ({ monitor, check, real }) => {
    const value = lastValueOf(check, real);
    if (value === null) return undefined;
    const target = labelText({ target_name: monitor.name, target_id: monitor.id });
    return sampleLine("amaunator_target_value", target, value);
  });
}

/** What is shown of one host. */
interface HostLine {
  readonly status: Status;
  /** `host="…",name="…"`; the series of a host have the same `host`. */
  readonly labels: string;
  readonly lastHeardAt: number | null;
}

function hostRowOf(
  { hosts }: Pick<ExpositionParts, "hosts">,
  { monitor, status }: BoardEntry,
): HostLine {
  const labels = labelText({ host: monitor.id, name: monitor.name });
  return { status, labels, lastHeardAt: hosts.get(monitor.id)?.lastHeardAt ?? null };
}

function* watchedHosts(format: Format, hosts: readonly HostLine[]): Iterable<string> {
  const counts = new Map<Status, number>(statuses.map((status) => [status, 0]));
  for (const { status } of hosts) counts.set(status, (counts.get(status) ?? 0) + 1);
  yield familyHeader(format, "belfry_hosts", "gauge", "Hosts by status");
  for (const [status, count] of counts)
    yield sampleLine("belfry_hosts", `status="${status}"`, count);
  const up = "belfry_host_up";
  const upHelp = "Whether a host is heard: 1 or 0; left out where Belfry cannot tell";
  yield* family(familyHeader(format, up, "gauge", upHelp), hosts, ({ status, labels }) => {
    if (status !== "up" && status !== "degraded" && status !== "down") return undefined;
    return sampleLine(up, labels, status === "down" ? 0 : 1);
  });
  const heard = "belfry_host_last_heard_timestamp_seconds";
  const heardHelp = "When a host was heard last, in Unix seconds";
  yield* family(familyHeader(format, heard, "gauge", heardHelp), hosts, (host) =>
    host.lastHeardAt === null ? undefined : sampleLine(heard, host.labels, host.lastHeardAt / 1000),
  );
}

/** A family without samples is left out altogether. */
function* family<T>(
  header: string,
  rows: readonly T[],
  lineOf: (row: T) => string | undefined,
): Iterable<string> {
  let begun = false;
  for (const row of rows) {
    const line = lineOf(row);
    if (line === undefined) continue;
    yield begun ? line : header + line;
    begun = true;
  }
}

/** Everything that checks measure under one name. */
interface ProbeFamily {
  readonly name: string;
  readonly help: string;
  /** Key of a measurement → the text of its own labels. */
  readonly members: ReadonlyMap<string, string>;
}

function probeFamilies(kinds: ReadonlyMap<string, CheckKind>): readonly ProbeFamily[] {
  const families = new Map<string, { name: string; help: string; members: Map<string, string> }>();
  const specs: MetricSpec[] = [
    ...commonMetrics,
    ...[...kinds.values()].flatMap(({ metrics }) => metrics),
  ];
  for (const { name: key, help } of specs) {
    const { name, labels } = parseMetricKey(key);
    const known = families.get(name) ?? { name, help, members: new Map<string, string>() };
    known.members.set(key, labelText(labels));
    families.set(name, known);
  }
  return [...families.values()];
}

function* probeMetrics(format: Format, probe: ProbeFamily, rows: readonly Row[]): Iterable<string> {
  const header = familyHeader(format, probe.name, "gauge", probe.help);
  yield* family(header, rows, ({ check, labels }) => {
    if (check === null || check.result === "unknown") return undefined;
    let lines = "";
    for (const [key, own] of probe.members) {
      const value = check.measurements[key];
      if (value === undefined) continue;
      lines += sampleLine(probe.name, own === "" ? labels : `${labels},${own}`, value);
    }
    return lines === "" ? undefined : lines;
  });
}
