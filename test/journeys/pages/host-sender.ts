/** A host as pages see one: sends batches as an agent does, with values a test chooses. */
import { createHash } from "node:crypto";
import {
  encodeBatch,
  hostMetrics,
  sampleBatchType,
  seriesHash,
  type BatchSeries,
  type HostDetails,
} from "@belfry/contract";
import type { Hub } from "../../kit/hub.ts";

/** A series and its value at a time (epoch ms). */
export type Sent = readonly [
  name: string,
  labels: BatchSeries["labels"],
  at: (ms: number) => number,
];

export interface Sender {
  readonly id: string;
  /** Sends samples at these times, epoch ms. */
  send(times: readonly number[]): Promise<void>;
}

export interface SenderOptions {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly series: readonly Sent[];
  readonly details?: HostDetails;
  /** Seconds between samples. */
  readonly interval?: number;
}

/** The gauges every agent sends, at fixed values. */
export function figures(values: Partial<Record<keyof typeof hostMetrics, number>>): Sent[] {
  return Object.entries(hostMetrics).flatMap(([key, { name }]) => {
    const value = Object.entries(values).find(([one]) => one === key)?.[1];
    return value === undefined ? [] : [[name, {}, () => value] satisfies Sent];
  });
}

/** Makes a host by sending a first batch with `times`. */
export async function startSender(
  hub: Hub,
  options: SenderOptions,
  times: readonly number[],
): Promise<Sender> {
  const series = options.series.map(([name, labels]) => ({ name, labels }));
  async function send(at: readonly number[]): Promise<string> {
    const bytes = encodeBatch({
      host: {
        machine_id: `machine of ${options.name}`,
        boot_id: `boot of ${options.name}`,
        name: options.name,
        version: "0.1.0",
        interval: options.interval ?? 5,
        labels: options.labels ?? {},
        sent_at: Date.now(),
      },
      seriesHash: seriesHash(series, (text) => createHash("sha256").update(text).digest("hex")),
      series,
      seriesCount: series.length,
      times: Float64Array.from(at),
      values: Float64Array.from(options.series.flatMap(([, , value]) => at.map(value))),
      details: options.details ?? null,
    });
    const response = await fetch(`${hub.url}/api/v1/host-samples`, {
      method: "POST",
      headers: { "content-type": sampleBatchType },
      body: Buffer.from(bytes),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    const { host_id } = (await response.json()) as { host_id: string };
    return host_id;
  }
  return {
    id: await send(times),
    async send(at) {
      await send(at);
    },
  };
}

/** The last `count` times `seconds` apart, the newest now. */
export function lastTimes(count: number, seconds: number): number[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, i) => now - (count - 1 - i) * seconds * 1000);
}
