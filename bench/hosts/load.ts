/**
 * Many agents in one process, for the bench of hosts: each posts the recorded series of a host every `intervalMs`, spread
 * evenly, until the parent says stop. Started by `bench.ts` with its settings as JSON in the first argument; prints one
 * line of JSON at the end.
 */
import { createHash } from "node:crypto";
import { Agent, request } from "node:http";
import { zstdCompressSync } from "node:zlib";
import {
  encodeBatch,
  sampleBatchType,
  seriesHash,
  type BatchSeries,
} from "@belfry/contract/sample-batch";
import { readRecording } from "../series/host.ts";

export interface LoadSettings {
  readonly url: string;
  readonly hosts: number;
  readonly series: number;
  readonly intervalMs: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly posts: number;
  readonly failed: number;
  readonly samples: number;
  readonly bodyBytes: number;
  /** ms from sending a batch to its acknowledgement, ascending. */
  readonly acknowledgedMs: readonly number[];
}

const settings = JSON.parse(process.argv[2] ?? "{}") as LoadSettings;
const recording = readRecording();
const series: readonly BatchSeries[] = recording.series.slice(0, settings.series);
const hash = seriesHash(series, (text) => createHash("sha256").update(text).digest("hex"));
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const knows = new Set<number>();
const result = { posts: 0, failed: 0, samples: 0, bodyBytes: 0 };
const acknowledgedMs: number[] = [];

async function send(host: number, round: number): Promise<void> {
  const at = Date.now();
  const values = new Float64Array(series.length);
  const t = (round * 5 + host) % recording.times.length;
  for (let s = 0; s < series.length; s += 1) values[s] = recording.columns[s]?.[t] ?? 0;
  const body = zstdCompressSync(
    encodeBatch({
      host: {
        machine_id: `machine-${host}`,
        boot_id: `boot-${host}`,
        name: `host-${host}.example.org`,
        version: "0.1.0",
        interval: settings.intervalMs / 1000,
        labels: {},
        sent_at: at,
      },
      seriesHash: hash,
      series: knows.has(host) ? null : series,
      seriesCount: series.length,
      times: Float64Array.of(at),
      values,
      details: null,
    }),
  );
  const status = await post(body);
  if (status === 200) {
    knows.add(host);
    result.posts += 1;
    result.samples += series.length;
    result.bodyBytes += body.length;
    acknowledgedMs.push(Date.now() - at);
  } else {
    knows.delete(host);
    result.failed += 1;
  }
}

function post(body: Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(
      `${settings.url}/api/v1/host-samples`,
      {
        method: "POST",
        agent,
        headers: {
          "content-type": sampleBatchType,
          "content-encoding": "zstd",
          "content-length": body.length,
        },
      },
      (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.once("error", () => resolve(0));
    asked.end(body);
  });
}

const begin = performance.now();
const pending = new Set<Promise<void>>();
const gapMs = settings.intervalMs / settings.hosts;
const total = Math.floor((settings.seconds * 1000) / gapMs);
for (let n = 0; n < total; n += 1) {
  const waitMs = begin + n * gapMs - performance.now();
  if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
  const one = send(n % settings.hosts, Math.floor(n / settings.hosts)).finally(() => {
    pending.delete(one);
  });
  pending.add(one);
}
await Promise.all(pending);
acknowledgedMs.sort((a, b) => a - b);
process.stdout.write(`${JSON.stringify({ ...result, acknowledgedMs })}\n`);
process.exit(0);
