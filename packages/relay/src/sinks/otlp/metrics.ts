/**
 * Figures of runs, checks and hosts as gauges, each at the time of its record. Names and units are such that a Prometheus
 * behind a collector has the names of the sink `prometheus`, but for hosts, which have those of the host metrics of
 * OpenTelemetry's conventions where they mean the same. Attributes never hold the id of a run: each run would be new series.
 */
import type { CheckRecord, HostRecord, JobRecord, SinkRecord } from "../../sink-record.ts";
import { endOf, metricOf, ownMetrics, progressOf } from "../run-end.ts";
import { jobFacts, monitorFacts } from "./describe-record.ts";
import { attributesOf, prefixed, type KeyValue } from "./value.ts";

/** One point of a gauge. */
export interface GaugePoint {
  readonly name: string;
  /** UCUM; empty where there is none. */
  readonly unit: string;
  readonly point: {
    readonly attributes: readonly KeyValue[];
    readonly timeUnixNano: string;
    readonly asDouble: number;
  };
}

type Figure = readonly [name: string, unit: string, value: number | null | undefined];

/** The points of a record; none where it holds no figure. */
export function pointsOf(record: SinkRecord, nanos: bigint): readonly GaugePoint[] {
  const { facts, figures } = figuresOf(record);
  const attributes = attributesOf(facts);
  const timeUnixNano = String(nanos);
  return figures.flatMap(([name, unit, value]) =>
    typeof value === "number" && Number.isFinite(value)
      ? [{ name, unit, point: { attributes, timeUnixNano, asDouble: value } }]
      : [],
  );
}

interface Figures {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly figures: readonly Figure[];
}

function figuresOf(record: SinkRecord): Figures {
  switch (record.kind) {
    case "job_event":
      return figuresOfRun(record);
    case "check":
      return figuresOfCheck(record);
    case "host":
      return figuresOfHost(record);
    case "status":
      return { facts: {}, figures: [] };
  }
}

const bytesOfMb = 1_048_576;

function figuresOfRun({ event: whole }: JobRecord): Figures {
  const { event } = whole;
  const { metrics } = event;
  const hasEnded = endOf(event) !== null;
  const figures: Figure[] = [["belfry.job.progress", "1", progressOf(event)]];
  if (hasEnded) {
    const memoryMb = metricOf(metrics, "mem_max_mb");
    figures.push(
      ["belfry.run.duration", "s", metricOf(metrics, "duration_s")],
      ["belfry.run.cpu.user", "s", metricOf(metrics, "cpu_user_s")],
      ["belfry.run.cpu.system", "s", metricOf(metrics, "cpu_system_s")],
      ["belfry.run.memory.max", "By", memoryMb === undefined ? undefined : memoryMb * bytesOfMb],
    );
  }
  if (hasEnded || event.kind === "metric") {
    for (const [name, value] of ownMetrics(metrics)) {
      figures.push([`belfry.run.${name.replaceAll(/[^a-zA-Z0-9_./-]/g, "_")}`, "", value]);
    }
  }
  const status = endOf(event);
  return { facts: { ...jobFacts(whole), "belfry.run.status": status }, figures };
}

function figuresOfCheck(record: CheckRecord): Figures {
  const { result, latency_ms: latency } = record;
  return {
    facts: monitorFacts(record),
    figures: [
      // Belfry's own trouble is neither: there is no point.
      ["probe.success", "", result === "unknown" ? null : result === "up" ? 1 : 0],
      ["probe.duration", "s", latency === null ? null : latency / 1000],
    ],
  };
}

/** Figures of a host that OpenTelemetry's conventions have, in the same unit. */
const systemNames: Readonly<Record<string, readonly [name: string, unit: string]>> = {
  cpu_ratio: ["system.cpu.utilization", "1"],
  memory_ratio: ["system.memory.utilization", "1"],
  swap_ratio: ["system.paging.utilization", "1"],
  load1: ["system.cpu.load_average.1m", ""],
  load5: ["system.cpu.load_average.5m", ""],
  load15: ["system.cpu.load_average.15m", ""],
  cores: ["system.cpu.logical.count", ""],
};

function figuresOfHost({ host, figures }: HostRecord): Figures {
  return {
    facts: prefixed("label.", host.labels),
    figures: Object.entries(figures).map(([figure, value]) => {
      const known = Object.hasOwn(systemNames, figure) ? systemNames[figure] : undefined;
      const [name, unit] = known ?? [
        `belfry.host.${figure.replaceAll(/[^a-zA-Z0-9_.]/g, "_")}`,
        "",
      ];
      return [name, unit, value];
    }),
  };
}
