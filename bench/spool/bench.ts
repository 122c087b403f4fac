/**
 * The spool alone, without HTTP: durable appends per second, how long an append waits at 5,000 events/s, what opening a
 * backlog costs, and what it takes in memory. Limit: the same bytes written and synced in ready-made groups, without
 * framing, ids or readers.
 */
import { execFileSync } from "node:child_process";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSpool, type Spool } from "../../packages/relay/src/spool/spool.ts";
import type { NewRecord } from "../../packages/relay/src/spool/pending.ts";
import type { SpoolDisk } from "../../packages/relay/src/spool/disk.ts";
import { createThreadDisk } from "../../packages/relay/src/spool/thread-disk.ts";
import { usageOf } from "../process-usage.ts";
import type { BenchReport, BenchRow } from "../report.ts";

const gigabyte = 1e9;
const megabyte = 1e6;

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), "belfry-bench-spool-"));
  await using disk = createThreadDisk();
  try {
    const bare = measureBare(join(folder, "bare"), short ? 100 : 400);
    const rows: BenchRow[] = [];
    const single = await measureAppends(join(folder, "single"), disk, 1, short ? 20_000 : 100_000);
    const batched = await measureAppends(
      join(folder, "batch"),
      disk,
      100,
      short ? 100_000 : 500_000,
    );
    rows.push(
      rate("durable appends of one event, 256 at a time", single.perSecond, 15_000),
      info("  CPU of the whole process", single.microseconds, "µs/event"),
      {
        ...rate("durable events in batches of 100, 16 at a time", batched.perSecond, 80_000),
        peer: { name: "bare writes of 100, synced each", value: bare },
      },
      info("  CPU of the whole process", batched.microseconds, "µs/event"),
      ...(await measureLatency(join(folder, "latency"), disk, short ? 2_000 : 8_000)),
      ...(await measureBacklog(join(folder, "backlog"), disk, short ? 400 : 1_000)),
    );
    return {
      name: "spool",
      rows,
      notes: [
        `events of ${eventBytes(0).length} bytes of JSON; every append counted was synced (fdatasync) before`,
        "latency: a sink reads and acknowledges beside it, its place written every 250 ms",
        `backlog: ${short ? "0.4" : "1"} GB in segments of 32 MB, read by nobody; opened by another process, files in the page cache`,
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const padding = "x".repeat(300);

/** About 600 bytes, as an event of a job. */
function eventBytes(n: number): Buffer {
  return Buffer.from(
    JSON.stringify({
      idempotency_key: idOf(n),
      site_id: "fab1",
      app: { app_id: null, name: "nightly", version: "1.2.0" },
      entity: { type: "job", id: idOf(n), parent_id: null, business_key: "b-1", sub_key: null },
      event: {
        kind: "progress",
        at: "2026-01-02T03:04:05.678Z",
        status: "running",
        metrics: { n },
        metadata: { padding },
      },
    }),
  );
}

function idOf(n: number): string {
  return `0190a2b4-0000-7000-8000-${String(n).padStart(12, "0")}`;
}

function recordsFrom(n: number, count: number, bytes: Uint8Array): NewRecord[] {
  return Array.from({ length: count }, (_, i) => ({ id: idOf(n + i), bytes }));
}

function open(folder: string, disk: SpoolDisk): Promise<Spool> {
  return openSpool(
    { folder, quotaBytes: 20 * gigabyte },
    {
      disk,
      log: { info: () => {}, warn: (fields, message) => console.error(message, fields) },
      clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    },
  );
}

/** Events per second of groups of a hundred, written and synced one after the other. */
function measureBare(file: string, groups: number): number {
  const handle = openSync(file, "w");
  const group = Buffer.alloc(100 * (eventBytes(0).length + 70), 120);
  const begin = performance.now();
  for (let i = 0; i < groups; i += 1) {
    writeSync(handle, group);
    fdatasyncSync(handle);
  }
  const perSecond = (groups * 100 * 1000) / (performance.now() - begin);
  closeSync(handle);
  return perSecond;
}

async function measureAppends(
  folder: string,
  disk: SpoolDisk,
  batch: number,
  events: number,
): Promise<{ perSecond: number; microseconds: number }> {
  await using spool = await open(folder, disk);
  await spool.cursor("sink", { from: "beginning" });
  const bytes = eventBytes(0);
  const lanes = batch === 1 ? 256 : 16;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < events) {
      const records = recordsFrom(next, batch, bytes);
      next += batch;
      const answer = await spool.append(records);
      if (answer.kind !== "stored") throw new Error(answer.message);
    }
  };
  const usage = usageOf(process.pid).cpuMicroseconds;
  const begin = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  const perSecond = (events * 1000) / (performance.now() - begin);
  const microseconds = (usageOf(process.pid).cpuMicroseconds - usage) / events;
  return { perSecond, microseconds };
}

/** 5,000 events/s in requests of one, spread evenly; how long each waits to be answered. */
async function measureLatency(folder: string, disk: SpoolDisk, ms: number): Promise<BenchRow[]> {
  await using spool = await open(folder, disk);
  const sink = await spool.cursor("sink", { from: "beginning" });
  const stop = new AbortController();
  const drained = drain(sink, stop.signal);
  const bytes = eventBytes(0);
  const waits: number[] = [];
  const begin = performance.now();
  const running = new Set<Promise<void>>();
  for (let sent = 0; performance.now() - begin < ms;) {
    const due = ((performance.now() - begin) * 5_000) / 1000;
    for (; sent < due; sent += 1) {
      const from = performance.now();
      const one = spool.append(recordsFrom(sent, 1, bytes)).then(() => {
        waits.push(performance.now() - from);
        running.delete(one);
      });
      running.add(one);
    }
    await sleep(1);
  }
  await Promise.all(running);
  stop.abort();
  await drained;
  const sorted = Float64Array.from(waits).toSorted();
  const at = (ratio: number): number => sorted[Math.floor((sorted.length - 1) * ratio)] ?? 0;
  return [
    info("an append at 5,000 events/s, p50", at(0.5), "ms"),
    { what: "  p99", value: at(0.99), unit: "ms", budget: 25, atMost: true },
    info("  longest", at(1), "ms"),
  ];
}

async function drain(
  sink: Awaited<ReturnType<Spool["cursor"]>>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (;;) {
      await sink.wait(signal);
      const records = await sink.read({ maxRecords: 500, maxBytes: 1024 * 1024 });
      sink.acknowledge(records.map(({ sequence }) => sequence));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Opening a backlog, its memory, and draining it. */
async function measureBacklog(
  folder: string,
  disk: SpoolDisk,
  megabytes: number,
): Promise<BenchRow[]> {
  const bytes = eventBytes(0);
  let next = 0;
  {
    await using spool = await open(folder, disk);
    await spool.cursor("sink", { from: "beginning" });
    while (spool.stats().bytes < megabytes * megabyte) {
      await spool.append(recordsFrom(next, 1_000, bytes));
      next += 1_000;
    }
  }
  const opener = fileURLToPath(new URL("./opener.ts", import.meta.url));
  const output = execFileSync(process.execPath, [opener, folder, String(next)], {
    encoding: "utf8",
  });
  const figures = JSON.parse(output) as Readonly<
    Record<"openMs" | "readMs" | "size" | "bare" | "opened" | "highest", number>
  >;
  const { openMs, readMs, size, bare, opened, highest } = figures;
  return [
    {
      what: "opening a backlog",
      value: (openMs / 1000) * (gigabyte / size),
      unit: "s/GB",
      budget: 2,
      atMost: true,
    },
    {
      what: "resident with it, a process of its own",
      value: opened / megabyte,
      unit: "MB",
      budget: 150,
      atMost: true,
    },
    info("  before it was opened", bare / megabyte, "MB"),
    info("  highest while it is read", highest / megabyte, "MB"),
    info("read and acknowledged by one sink", (next * 1000) / readMs, "events/s"),
  ];
}

function rate(what: string, value: number, budget: number): BenchRow {
  return { what, value, unit: "events/s", budget, atMost: false };
}

function info(what: string, value: number, unit: string): BenchRow {
  return { what, value, unit, budget: null, atMost: true };
}
