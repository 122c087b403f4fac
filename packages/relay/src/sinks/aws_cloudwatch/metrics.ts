/**
 * Records as metrics of CloudWatch. Of jobs, with the dimensions `SiteId, AppName, EntityType, ComputePlatform, [InstanceId]`:
 * `JobCompleted` (with `Status`), `JobDuration`, `CPUUserTime` and `CPUSystemTime` once for each run, at its end, and
 * `MemoryMaxMB` whenever it is known. Of checks `CheckUp` and `CheckLatency` by `Monitor`, `CheckKind`, `Location`. Of hosts each
 * figure under its own name by `Host`.
 */
import type { MetricDatum, StandardUnit } from "@aws-sdk/client-cloudwatch";
import type { JobEvent } from "@belfry/contract";
import type { CheckRecord, HostRecord, SinkRecord } from "../../sink-record.ts";

/** Where it runs, as dimensions. */
export interface Surroundings {
  readonly platform: string;
  readonly instance: string | undefined;
}

export interface MetricSettings {
  readonly surroundings: Surroundings;
  /** Whether figures of `metric` events become metrics. */
  readonly ownMetrics: boolean;
}

/** Metrics of a record, in order; none for what has no figures. Values CloudWatch refuses are left out. */
export function metricsOf(
  record: SinkRecord,
  { surroundings, ownMetrics }: MetricSettings,
): readonly MetricDatum[] {
  switch (record.kind) {
    case "job_event":
      return finished(record.at, jobMetrics(record.event, surroundings, ownMetrics));
    case "check":
      return finished(record.at, checkMetrics(record));
    case "host":
      return finished(record.at, hostMetrics(record));
    case "status":
      return [];
  }
}

interface Figure {
  readonly name: string;
  readonly value: number | undefined;
  readonly unit: StandardUnit;
  readonly dimensions: readonly (readonly [name: string, value: string])[];
}

function jobMetrics(record: JobEvent, around: Surroundings, ownMetrics: boolean): Figure[] {
  const { kind, metrics } = record.event;
  const dimensions: Figure["dimensions"] = [
    ["SiteId", record.site_id],
    ["AppName", record.app.name],
    ["EntityType", record.entity.type],
    ["ComputePlatform", around.platform],
    ...(around.instance === undefined ? [] : [["InstanceId", around.instance] as const]),
  ];
  const figures: Figure[] = [];
  if (kind === "finished" || kind === "error" || kind === "canceled") {
    const status = record.event.status ?? statusAtEnd[kind];
    figures.push(
      {
        name: "JobCompleted",
        value: 1,
        unit: "Count",
        dimensions: [...dimensions, ["Status", status]],
      },
      { name: "JobDuration", value: metrics["duration_s"], unit: "Seconds", dimensions },
      { name: "CPUUserTime", value: metrics["cpu_user_s"], unit: "Seconds", dimensions },
      { name: "CPUSystemTime", value: metrics["cpu_system_s"], unit: "Seconds", dimensions },
    );
  }
  figures.push({
    name: "MemoryMaxMB",
    value: metrics["mem_max_mb"],
    unit: "Megabytes",
    dimensions,
  });
  if (kind !== "metric" || !ownMetrics) return figures;
  const own = Object.entries(metrics).filter(([name]) => name !== "mem_max_mb");
  return [
    ...figures,
    ...own.map(([name, value]) => ({ name, value, unit: "None" as const, dimensions })),
  ];
}

/** Where an end says no status. */
const statusAtEnd = { finished: "succeeded", error: "failed", canceled: "canceled" } as const;

function checkMetrics({ monitor, location, result, latency_ms }: CheckRecord): Figure[] {
  const dimensions: Figure["dimensions"] = [
    ["Monitor", monitor.name],
    ["CheckKind", monitor.kind],
    ["Location", location],
  ];
  const up = result === "unknown" ? undefined : result === "up" ? 1 : 0;
  return [
    { name: "CheckUp", value: up, unit: "None", dimensions },
    { name: "CheckLatency", value: latency_ms ?? undefined, unit: "Milliseconds", dimensions },
  ];
}

function hostMetrics({ host, figures }: HostRecord): Figure[] {
  const dimensions = [["Host", host.name] as const];
  return Object.entries(figures).map(([name, value]) => ({
    name,
    value,
    unit: unitOf(name),
    dimensions,
  }));
}

function unitOf(figure: string): StandardUnit {
  if (figure.endsWith("bytes_per_second")) return "Bytes/Second";
  if (figure.endsWith("_bytes")) return "Bytes";
  if (figure.endsWith("_seconds")) return "Seconds";
  return "None";
}

/** CloudWatch takes values up to 2^360, either way. */
const largestValue = 2 ** 360;
const longestName = 255;
const longestValue = 1024;

function finished(at: string, figures: readonly Figure[]): readonly MetricDatum[] {
  const time = new Date(at);
  return figures.flatMap(({ name, value, unit, dimensions }) => {
    if (value === undefined || !(Math.abs(value) <= largestValue)) return [];
    return {
      MetricName: plainText(name, longestName),
      Dimensions: dimensions.map(([key, text]) => ({
        Name: key,
        Value: plainText(text, longestValue),
      })),
      Timestamp: time,
      Value: value,
      Unit: unit,
    };
  });
}

/**
 * As CloudWatch takes names and values: ASCII without control characters, not blank, not beginning with a colon. Other characters
 * are written as `\u00f6`, so that two names never become one.
 */
function plainText(text: string, maxLength: number): string {
  const plain = text.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const named = plain.trim() === "" ? "unknown" : plain.startsWith(":") ? `_${plain}` : plain;
  return named.slice(0, maxLength);
}
