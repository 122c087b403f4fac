/** How fast sinks drain a spool: records as they are stored are read and handed over, a thousand at a time. */
import type { BenchReport } from "../report.ts";
import { drainBatch, recordBytes } from "./drain.ts";
import { measureFiles } from "./files.ts";
import { measureNetwork } from "./network.ts";
import { measureTelemetry } from "./telemetry.ts";

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const records = short ? 20_000 : 200_000;
  return {
    name: "sinks",
    rows: [
      ...(await measureFiles(records)),
      ...(await measureNetwork(Math.min(records, 50_000))),
      ...(await measureTelemetry(Math.min(records, 20_000))),
    ],
    notes: [
      `records are events of ${recordBytes(0).length} bytes of JSON, ${drainBatch} in a batch; reading them is counted`,
      "prometheus, otlp: ends of runs, eleven samples each, or a log record, five points and a span",
      "files: each batch is synced (fdatasync) before the next",
      "hub, local_api, elk: the destination is a process of its own, and the slower part; its CPU is not counted",
    ],
  };
}
