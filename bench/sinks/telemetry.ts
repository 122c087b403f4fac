/** `prometheus` and `otlp`, to fakes that check everything, in a process of their own. Records are ends of runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { otlpKind } from "../../packages/relay/src/sinks/otlp/kind.ts";
import { collectorKey } from "../../packages/relay/src/sinks/otlp/otlp-collector.kit.ts";
import { prometheusKind } from "../../packages/relay/src/sinks/prometheus/kind.ts";
import { receiverToken } from "../../packages/relay/src/sinks/prometheus/receiver.kit.ts";
import type { BenchRow } from "../report.ts";
import { drain } from "./drain.ts";

/** Rows of both. A record is eleven samples; or a log record, five points and a span. */
export async function measureTelemetry(records: number): Promise<readonly BenchRow[]> {
  await using fakes = await startFakes();
  const beginMs = Date.now() - records;
  const bytesOf = (n: number): Buffer => Buffer.from(endOfRun(n, beginMs + n));
  const toReceiver = {
    what: "prometheus, to a fake that checks everything",
    kind: prometheusKind,
    config: { url: fakes.receiver, bearer_token: receiverToken },
  };
  const toCollector = {
    what: "otlp, to a fake that checks everything",
    kind: otlpKind,
    config: { endpoint: fakes.collector, headers: { "x-api-key": collectorKey } },
  };
  return [
    ...(await drain({ ...toReceiver, records, bytesOf })),
    ...(await drain({ ...toCollector, records, bytesOf })),
  ];
}

/** The end of the n-th run, of one of a hundred jobs. */
function endOfRun(n: number, atMs: number): string {
  const number = String(n).padStart(12, "0");
  return JSON.stringify({
    idempotency_key: `0190a2b4-0000-7000-8000-${number}`,
    site_id: "fab1",
    app: { app_id: null, name: "nightly", version: "1.2.0" },
    entity: {
      type: "job",
      id: `0190a2b4-1111-7000-8000-${number}`,
      parent_id: null,
      business_key: `load-${n % 100}`,
      sub_key: null,
    },
    event: {
      kind: "finished",
      at: new Date(atMs).toISOString(),
      status: "succeeded",
      metrics: { duration_s: 41.5, cpu_user_s: 12.25, cpu_system_s: 2, mem_max_mb: 182, rows: n },
      metadata: { message: "x".repeat(160), step: "load", host: "etl-1.example.org" },
    },
  });
}

interface Fakes extends AsyncDisposable {
  readonly receiver: string;
  readonly collector: string;
}

async function startFakes(): Promise<Fakes> {
  const program = fileURLToPath(new URL("./receivers.ts", import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const printed = once(createInterface(child.stdout), "line");
  const [line]: unknown[] = await Promise.race([printed, exited]);
  if (typeof line !== "string") throw new Error("the fakes did not start");
  const [receiver = "", collector = ""] = line.split(" ");
  return {
    receiver,
    collector,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}
