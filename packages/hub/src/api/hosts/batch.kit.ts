/** Batches as agents send them, for tests. */
import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import {
  encodeBatch,
  sampleBatchType,
  seriesHash,
  type BatchHost,
  type BatchSeries,
  type HostView,
  type SampleBatch,
} from "@belfry/contract";
import type { TestAnswer, TestHub } from "../hub.kit.ts";

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What a test is about; the rest is usual. */
export interface BatchOver extends Partial<Omit<SampleBatch, "host" | "times" | "values">> {
  readonly host?: Partial<BatchHost>;
  /** Values of series without labels at one instant, in their order; a series with labels by its whole text. */
  readonly values?: Readonly<Record<string, number>>;
  /** Epoch ms; default: now. */
  readonly at?: number;
}

/** A series written as `name{label="value"}`. */
export function seriesOf(text: string): BatchSeries {
  const [name = "", rest = ""] = text.split("{");
  const labels: Record<string, string> = {};
  for (const [, label = "", value = ""] of rest.matchAll(/(\w+)="([^"]*)"/g)) labels[label] = value;
  return { name, labels };
}

/** A batch of one instant. */
export function batchAt(now: number, over: BatchOver = {}): SampleBatch {
  const {
    host,
    values = { belfry_host_cpu_ratio: 0.25, node_load1: 1.5 },
    at = now,
    ...rest
  } = over;
  const series = Object.keys(values).map(seriesOf);
  return {
    host: {
      machine_id: "machine-1",
      boot_id: "boot-1",
      name: "web-1",
      version: "1.0.0",
      interval: 5,
      labels: {},
      sent_at: now,
      ...host,
    },
    seriesHash: seriesHash(series, sha256),
    series,
    seriesCount: series.length,
    times: Float64Array.of(at),
    values: Float64Array.from(Object.values(values)),
    details: null,
    ...rest,
  };
}

/** Sends a batch as an agent does. */
export function sendBatch(
  hub: TestHub,
  over: BatchOver = {},
  headers: Record<string, string> = {},
): Promise<TestAnswer> {
  return hub.ask("POST", "/api/v1/host-samples", {
    body: zstdCompressSync(encodeBatch(batchAt(hub.clock.now(), over))),
    headers: { "content-type": sampleBatchType, "content-encoding": "zstd", ...headers },
  });
}

/** The list of hosts. */
export async function hostsOf(hub: TestHub, query = ""): Promise<HostView[]> {
  const answer = await hub.ask("GET", `/api/v1/hosts${query}`);
  return answer.json<{ items: HostView[] }>().items;
}

/** Waits until something holds of the list of hosts: their monitors follow what they say a moment later. */
export async function untilHosts(
  hub: TestHub,
  holds: (hosts: readonly HostView[]) => boolean,
): Promise<readonly HostView[]> {
  for (;;) {
    const hosts = await hostsOf(hub);
    if (holds(hosts)) return hosts;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
