/** The present state of a host beside the status of its monitor: what lists, pages and live events show. In memory. */
import type { HostMetric, HostNotice } from "@belfry/contract";
import type { Host } from "./host.ts";

/** Latest values of the host metrics that have one series; null where the host has none. */
export type HostFigures = Readonly<Record<Exclude<HostMetric, "cpuModeRatio">, number | null>>;

/** A figure whose last hour is kept. */
export type TrendFigure = Extract<
  HostMetric,
  "cpuRatio" | "memoryRatio" | "networkReceive" | "networkTransmit"
>;

/** The last hour of some figures in buckets that begin at multiples of `stepMs`. */
export interface HostTrend {
  readonly stepMs: number;
  /** The mean of the bucket that begins at `start` (epoch ms, by the host's clock); null where there is no sample. */
  mean(figure: TrendFigure, start: number): number | null;
}

/** Times are epoch ms; null before anything was heard since the start and nothing was kept. */
export interface HostEntry {
  readonly host: Host;
  readonly lastHeardAt: number | null;
  /** By the host's own clock. */
  readonly lastSampleAt: number | null;
  /** Ms the host's clock is ahead of Belfry's. */
  readonly clockOffsetMs: number | null;
  readonly seriesCount: number;
  readonly figures: HostFigures;
  /** Of its interfaces, as the latest details since the start say. */
  readonly addresses: readonly string[];
  readonly notices: readonly HostNotice[];
  readonly trend: HostTrend;
}

/** One post of the Monitoring Stack's clients, read and checked. */
export interface StackPost {
  readonly hostname: string;
  /** Epoch seconds, as it was posted. */
  readonly timestamp: number;
  /** Percent, as it was posted. */
  readonly cpu: number;
  readonly ram: number;
  readonly disk: number;
  /** MiB/s. */
  readonly diskRead: number;
  readonly diskWrite: number;
  readonly netRead: number | null;
  readonly netWrite: number | null;
  readonly swapPercent: number | null;
  readonly load1: number | null;
  readonly load5: number | null;
  readonly load15: number | null;
  /** The snapshot of `/system`, as it was posted; null where there was none. */
  readonly details: Readonly<Record<string, unknown>> | null;
}
