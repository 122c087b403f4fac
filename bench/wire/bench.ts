/** From an agent to its hub: bytes on the wire, what packing and reading a batch cost, and the size of a day kept on disk. */
import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdDecompressSync } from "node:zlib";
import {
  batchLimits,
  decodeBatch,
  encodeBatch,
  seriesHash,
  type SampleBatch,
} from "../../packages/contract/src/sample-batch.ts";
import { HubClient } from "../../packages/agent/src/send/hub-client.ts";
import { Packer } from "../../packages/agent/src/send/packer.ts";
import type { Run } from "../../packages/agent/src/send/run.ts";
import { Spool } from "../../packages/agent/src/send/spool.ts";
import { after } from "../../packages/agent/src/send/timer.ts";
import type { BenchReport, BenchRow } from "../report.ts";
import { readRecording, snapshots, windowMs } from "../series/host.ts";

/** Seconds between samples. */
const interval = 5;
const start = 1_790_000_000_000;
const key = "belfry_0123456789abcdef0123456789abcdef01234567";

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const host = createHost();
  const rows: BenchRow[] = [];
  const textBytes = prometheusText(host);
  for (const times of [1, 12, 120]) {
    const { body, onWire } = await measureWire(host, times, short ? 3 : 20);
    const samples = times * host.list.series.length;
    const what = `${times === 1 ? "one sample" : `${times} samples`} a request`;
    const peer = { name: "Prometheus text, gzip", value: textBytes / host.list.series.length };
    rows.push(
      info(`${what}, body`, body / samples, "bytes/value", times === 1 ? peer : undefined),
      info(`${what}, with HTTP headers, the answer's too`, onWire / samples, "bytes/value"),
    );
  }
  const first = batchOf(host, host.runs(1)[0], true);
  rows.push(
    info("first request, with the list of series", (await packed(first)).length / 1000, "KB"),
  );
  rows.push(...(await measureWork(host, short ? 300 : 3_000)));
  const { perDay, appendMs } = await measureSpool(host, short ? 720 : 17_280);
  rows.push(
    { what: "a day of samples on disk", value: perDay / 1e6, unit: "MB", budget: 20, atMost: true },
    info("  one sample kept, on disk when it is over", appendMs, "ms"),
  );
  return {
    name: "wire",
    rows,
    notes: [
      `${host.list.series.length} series of a recorded host at ${interval} s (bench/series/data); a value is one number of one series`,
      "on the wire: bytes of the TCP streams both ways over a kept connection, without TLS",
      "work: one sample, list left out; on this thread, zstd level 3 included where it says so",
      ...(short ? ["short: an hour was kept, and a day reckoned from it"] : []),
    ],
  };
}

interface Host {
  readonly list: Run["list"];
  /** Every 5 s of two hours, in runs of so many instants. */
  runs(times: number): Run[];
}

function createHost(): Host {
  const recording = readRecording();
  const { series } = recording;
  const list = { series, hash: seriesHash(series, (text) => hash("sha256", text)) };
  return {
    list,
    runs(times) {
      const frames = [...snapshots(recording, "host", start, 0, interval)];
      return Array.from({ length: Math.floor(frames.length / times) }, (_, i) => {
        const some = frames.slice(i * times, (i + 1) * times);
        return {
          list,
          times: Float64Array.from(some, (frame) => Math.round(frame.times[0] ?? 0)),
          values: Float64Array.from(
            series.flatMap((__, s) => some.map((frame) => frame.values[s] ?? 0)),
          ),
        };
      });
    },
  };
}

function batchOf({ list }: Host, some: Run | undefined, withList: boolean): SampleBatch {
  if (some === undefined) throw new Error("the recording is too short");
  return {
    host: {
      machine_id: "4dc5f1fd6e7b4b2c9a6f7a1f0c3e5d21",
      boot_id: "0b5a3c4e-8d2f-4f1a-9a52-0c2f5f0f7f11",
      name: "web-1.example.org",
      version: "0.1.0",
      interval,
      labels: { team: "core", site: "north" },
      sent_at: some.times.at(-1) ?? 0,
    },
    seriesHash: list.hash,
    series: withList ? list.series : null,
    seriesCount: list.series.length,
    times: some.times,
    values: some.values,
    details: null,
  };
}

const packer = new Packer();

/** As the agent does it. */
function packed(batch: SampleBatch): Promise<Buffer> {
  return packer.pack(encodeBatch(batch));
}

/** Posts batches to a real server, and counts what goes through the sockets. */
async function measureWire(
  host: Host,
  times: number,
  most: number,
): Promise<{ body: number; onWire: number }> {
  const runs = host.runs(times);
  const count = Math.min(most, runs.length);
  const every = Math.floor(runs.length / count);
  const answer = `{"host_id":"0197a0b0-0000-7000-8000-000000000000","accepted":1,"refused":0,"series_refused":0}`;
  const server = createServer((request, response) => {
    request
      .resume()
      .on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(answer));
  });
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let body = 0;
  {
    using client = new HubClient({ url, key, ca: null, version: "0.1.0" });
    for (let i = 0; i < count; i += 1) {
      const bytes = await packed(batchOf(host, runs[i * every], false));
      body += bytes.length;
      await client.post(bytes, AbortSignal.timeout(10_000));
    }
  }
  await new Promise((resolve) => server.close(resolve));
  const onWire = sockets.reduce((sum, one) => sum + one.bytesRead + one.bytesWritten, 0);
  return { body: body / count, onWire: onWire / count };
}

/** What a scrape of the same values would take, comments left out. */
function prometheusText(host: Host): number {
  const [some] = host.runs(1);
  const lines = host.list.series.map(({ name, labels }, s) => {
    const inner = Object.entries(labels).map(
      ([label, value]) => `${label}=${JSON.stringify(value)}`,
    );
    return `${name}{${inner.join(",")}} ${some?.values[s] ?? 0}\n`;
  });
  return gzipSync(lines.join("")).length;
}

async function measureWork(host: Host, rounds: number): Promise<BenchRow[]> {
  const batches = host.runs(1).map((some) => batchOf(host, some, false));
  const pack = await timeOf(rounds, (i) => packed(batches[i % batches.length] ?? never()));
  const bytes = batches.map(encodeBatch);
  const read = await timeOf(rounds, (i) =>
    decodeBatch(bytes[i % bytes.length] ?? never(), batchLimits),
  );
  const bodies = await Promise.all(batches.map(packed));
  const unpack = await timeOf(rounds, (i) =>
    zstdDecompressSync(bodies[i % bodies.length] ?? never()),
  );
  const whole = encodeBatch(batchOf(host, host.runs(1)[0], true));
  const withList = await timeOf(Math.ceil(rounds / 10), () => decodeBatch(whole, batchLimits));
  return [
    info("written and compressed", pack, "µs"),
    { what: "read by the hub", value: read, unit: "µs", budget: 40, atMost: true },
    info("  unpacked before that", unpack, "µs"),
    {
      what: "read with the list of series",
      value: withList,
      unit: "µs",
      budget: 1_000,
      atMost: true,
    },
  ];
}

async function timeOf(rounds: number, work: (round: number) => unknown): Promise<number> {
  for (let i = 0; i < rounds; i += 1) await work(i);
  const begin = performance.now();
  for (let i = 0; i < rounds; i += 1) await work(i);
  return ((performance.now() - begin) * 1000) / rounds;
}

function never(): never {
  throw new Error("the recording is empty");
}

/** Keeps samples as an agent does whose hub is away. */
async function measureSpool(
  host: Host,
  samples: number,
): Promise<{ perDay: number; appendMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), "belfry-bench-wire-"));
  try {
    const quiet = { info: () => {}, warn: () => {} };
    const bounds = { maxSamples: 20_000, maxBytes: 64 * 1024 * 1024, maxInMemory: 1_000 };
    const spool = new Spool({ folder: join(folder, "spool"), ...bounds }, { after, log: quiet });
    const runs = host.runs(1);
    const begin = performance.now();
    for (let i = 0; i < samples; i += 1) {
      const { list, times, values } = runs[i % runs.length] ?? never();
      const later = Math.floor(i / runs.length) * windowMs;
      spool.add([{ list, times: times.map((time) => time + later), values }]);
      while (spool.stats().inMemory > 100) await new Promise((resolve) => setImmediate(resolve));
    }
    while (spool.stats().inMemory > 0) await new Promise((resolve) => setImmediate(resolve));
    const appendMs = (performance.now() - begin) / samples;
    const { bytes, fault, dropped } = spool.stats();
    if (fault !== null || dropped > 0) throw new Error(`the spool: ${fault ?? "samples dropped"}`);
    await spool.close();
    return { perDay: (bytes * 17_280) / samples, appendMs };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function info(what: string, value: number, unit: string, peer?: BenchRow["peer"]): BenchRow {
  return { what, value, unit, budget: null, atMost: true, ...(peer === undefined ? {} : { peer }) };
}
