/**
 * What it costs to send every sample on by remote write: in the hub's thread (the copy), in the thread of remote write (to
 * disk and from there to a receiver), bytes on disk and on the wire, and how fast it catches up after an outage. The
 * receiver is a process of its own that reads everything and keeps nothing.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Gather, type Gathered } from "../../packages/relay/src/remote-write/gather.ts";
import type { SampleFrame } from "../../packages/relay/src/remote-write/series-refs.ts";
import { parseRemoteWrite } from "../../packages/relay/src/remote-write/settings.ts";
import { openRemoteWriteStore } from "../../packages/relay/src/remote-write/store.ts";
import type { BenchReport } from "../report.ts";

const hosts = 20;
const seriesOfHost = 500;
const startMs = Date.now() - 3_600_000;

/** Frames of one scrape of every host: a third gauges that move, a third counters, a third that stand still. */
function createScrapes(): (round: number) => SampleFrame[] {
  const series = Array.from({ length: seriesOfHost }, (_, i) => ({
    name:
      ["node_cpu_seconds_total", "node_disk_read_bytes_total", "node_memory_MemFree_bytes"][
        i % 3
      ] ?? "",
    labels: { cpu: String(i >> 3), mode: `mode-${i & 7}`, device: `sd${i >> 4}` },
  }));
  const labels = Array.from({ length: hosts }, (_, h) => ({
    host: `01a1ff96-cdfd-7bf3-b025-cd614acd${String(h).padStart(4, "0")}`,
    instance: `host-${h}.example.org`,
  }));
  const values = Float64Array.from({ length: hosts * seriesOfHost }, (_, i) => i * 1000);
  return (round) =>
    labels.map((sourceLabels, h) => {
      for (let s = 0; s < seriesOfHost; s += 1) {
        const at = h * seriesOfHost + s;
        const now = values[at] ?? 0;
        if (s % 3 === 0) values[at] = now + Math.round(Math.random() * 500) / 100;
        if (s % 3 === 1) values[at] = now + Math.round(Math.random() * 1e6);
      }
      return {
        source: `host:${h}`,
        sourceLabels,
        series,
        times: Float64Array.of(startMs + round * 5000 + h),
        values: values.subarray(h * seriesOfHost, (h + 1) * seriesOfHost),
      };
    });
}

const receiverScript = `
  const server = require("node:http").createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(204).end());
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

async function startReceiver(): Promise<AsyncDisposable & { readonly url: string }> {
  const child = spawn(process.execPath, ["-e", receiverScript], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  child.stdout.on("data", (chunk: Buffer) => resolve(Number(chunk)));
  const port = await promise;
  return {
    url: `http://127.0.0.1:${port}/write`,
    [Symbol.asyncDispose]() {
      child.kill();
      return Promise.resolve();
    },
  };
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function sizeOfFiles(folder: string, end: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(end));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

interface Measured {
  readonly samples: number;
  readonly copyMicroseconds: number;
  readonly spoolMicroseconds: number;
  readonly spoolBytes: number;
  readonly labelBytes: number;
  readonly sendMicroseconds: number;
  readonly sendSeconds: number;
  readonly sentBytes: number;
  readonly sent: number;
}

async function measure(folder: string, rounds: number): Promise<Measured> {
  const scrape = createScrapes();
  const gather = new Gather();
  // The first round describes every series, and warms what is measured.
  gather.take(scrape(0));
  const batches: Gathered[] = [gather.flush()].flatMap((one) => one ?? []);
  let copyMicroseconds = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const frames = scrape(round);
    const before = cpuMicroseconds();
    gather.take(frames);
    const batch = gather.flush();
    copyMicroseconds += cpuMicroseconds() - before;
    if (batch !== undefined) batches.push(batch);
  }
  const parts = {
    log: { info: () => undefined, warn: () => undefined },
    clock: { now: Date.now, monotonicMs: () => performance.now() },
    sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
    random: Math.random,
  };
  const settings = (url: string) => {
    const queue = { max_backoff: "1s", batch_send_deadline: "100ms" };
    const parsed = parseRemoteWrite({ url, remote_timeout: "5s", queue_config: queue });
    if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
    return { destinations: [parsed.value], folder, quotaBytes: 1024 ** 3 };
  };
  let spoolMicroseconds = 0;
  {
    // Nobody listens there.
    await using away = await openRemoteWriteStore(settings("http://127.0.0.1:9/write"), parts);
    const before = cpuMicroseconds();
    for (const batch of batches) await away.put(batch);
    spoolMicroseconds = cpuMicroseconds() - before;
  }
  const spoolBytes = await sizeOfFiles(join(folder, "spool"), ".seg");
  const labelBytes = await sizeOfFiles(join(folder, "labels"), ".book");
  await using receiver = await startReceiver();
  await using store = await openRemoteWriteStore(settings(receiver.url), parts);
  const before = cpuMicroseconds();
  const from = performance.now();
  const samples = (rounds + 1) * hosts * seriesOfHost;
  const status = () => store.status().destinations[0];
  while ((status()?.sent ?? 0) < samples) {
    if (performance.now() - from > 60_000) throw new Error(JSON.stringify(status()));
    await sleep(5);
  }
  return {
    samples: rounds * hosts * seriesOfHost,
    copyMicroseconds,
    spoolMicroseconds,
    spoolBytes,
    labelBytes,
    sendMicroseconds: cpuMicroseconds() - before,
    sendSeconds: (performance.now() - from) / 1000,
    sentBytes: status()?.sentBytes ?? 0,
    sent: samples,
  };
}

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-bench-remote-write-out-"));
  try {
    const found = await measure(folder, short ? 30 : 200);
    const row = (
      what: string,
      value: number,
      unit: string,
      budget: number | null,
      atMost = true,
    ) => ({
      what,
      value,
      unit,
      budget,
      atMost,
    });
    return {
      name: "remote_write_out",
      rows: [
        row(
          "CPU of the hub's thread, per sample",
          found.copyMicroseconds / found.samples,
          "µs",
          0.2,
        ),
        row("CPU to the spool, per sample", found.spoolMicroseconds / found.sent, "µs", 1),
        row("bytes of a sample in the spool", found.spoolBytes / found.sent, "B", 5),
        row("bytes of a series in its book", found.labelBytes / (hosts * seriesOfHost), "B", 50),
        row(
          "CPU from the spool to the receiver, per sample",
          found.sendMicroseconds / found.sent,
          "µs",
          3,
        ),
        row("catching up, one destination", found.sent / found.sendSeconds, "/s", 100_000, false),
        row("bytes of a sample as it is sent", found.sentBytes / found.sent, "B", null),
      ],
      notes: [
        `${hosts} hosts with ${seriesOfHost} series and 6 labels each, a scrape every 5 s`,
        "but for the first row all of it is work of a thread of its own",
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
