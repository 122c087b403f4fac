/**
 * What a hub on one core takes in of jobs' events, each batch synced to disk before it is answered: runs of ten events, as
 * the SDK sends them, in batches of a hundred, by several senders at once.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { startHub } from "../../test/kit/hub.ts";
import { usageOf } from "../process-usage.ts";
import type { BenchReport, BenchRow } from "../report.ts";

const eventsOfBatch = 100;
const senders = 8;
const jobs = 20;

/** One run from its beginning to its end, as JSON. */
function runOf(job: number): readonly string[] {
  const id = randomUUID();
  const begin = Date.now();
  const event = (i: number, kind: string, metrics: object, metadata: object): string =>
    JSON.stringify({
      idempotency_key: `${id}-${i}`,
      site_id: "vienna",
      app: { app_id: null, name: "billing", version: "2.4.1" },
      entity: {
        type: "job",
        id,
        parent_id: null,
        business_key: `nightly-${job}`,
        sub_key: null,
      },
      event: {
        kind,
        at: new Date(begin + i * 100).toISOString(),
        status: kind === "finished" ? "succeeded" : "running",
        metrics,
        metadata,
      },
      trace: {
        trace_id: createHash("md5").update(id).digest("hex"),
        span_id: "00f067aa0ba902b7",
      },
    });
  const process = { pid: 4711, host: "batch-3.example.org", node: "v24.1.0" };
  const started = { process, sdk: "belfry-node/0.1.0", heartbeat_s: 10, region: "eu-west-1" };
  const usage = { cpu_user_s: 1.25, cpu_system_s: 0.31, mem_max_mb: 148.2 };
  return [
    event(0, "started", { cpu_user_s: 0, cpu_system_s: 0, mem_max_mb: 91.5 }, started),
    ...[1, 2, 3, 4].map((i) =>
      event(
        i,
        "progress",
        { progress_current: i, progress_total: 5, progress_pct: i * 20, mem_max_mb: 120 + i },
        { message: `part ${i}` },
      ),
    ),
    event(5, "metric", { rows: 18_211 }, { unit: "rows" }),
    event(6, "event", {}, { level: "info", message: "wrote the report", context: { pages: 12 } }),
    event(7, "heartbeat", { ...usage, duration_s: 0.7 }, {}),
    event(8, "event", {}, { level: "warn", message: "one address was not found" }),
    event(9, "finished", { ...usage, duration_s: 0.9 }, { rows: 18_211 }),
  ];
}

function batchOf(first: number): string {
  const runs = Array.from({ length: eventsOfBatch / 10 }, (_, i) => runOf((first + i) % jobs));
  return `[${runs.flat().join(",")}]`;
}

/** Sends one batch; resolves to ms when it is acknowledged. */
function post(url: string, agent: Agent, body: string): Promise<number> {
  const beginMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const sent = request(`${url}/api/v1/events`, { method: "POST", agent, headers }, (response) => {
    response.resume();
    response.on("end", () => {
      if (response.statusCode === 200) resolve(performance.now() - beginMs);
      else reject(new Error(`the hub answered ${response.statusCode}`));
    });
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

async function sendAll(url: string, bodies: readonly string[]): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: senders });
  const times: number[] = [];
  const left = bodies.values();
  try {
    await Promise.all(
      Array.from({ length: senders }, async () => {
        for (const body of left) times.push(await post(url, agent, body));
      }),
    );
  } finally {
    agent.destroy();
  }
  return times;
}

/** Whether the hub may use one core only. */
function pinToOneCore(pid: number): boolean {
  try {
    execFileSync("taskset", ["-a", "-p", "-c", "0", String(pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
  const isPinned = pinToOneCore(hub.pid);
  const batches = short ? 100 : 1000;
  const make = (count: number) => Array.from({ length: count }, (_, i) => batchOf(i));
  await sendAll(hub.url, make(short ? 20 : 100));
  const bodies = make(batches);
  const before = usageOf(hub.pid);
  const beginMs = performance.now();
  const times = await sendAll(hub.url, bodies);
  const seconds = (performance.now() - beginMs) / 1000;
  const after = usageOf(hub.pid);
  const events = batches * eventsOfBatch;
  const cpu = after.cpuMicroseconds - before.cpuMicroseconds;
  const row = (what: string, value: number, unit: string): BenchRow => ({
    what,
    value,
    unit,
    budget: null,
    atMost: true,
  });
  return {
    name: "hub-events",
    rows: [
      {
        what: "events of jobs, stored durably, per second of CPU",
        value: events / (cpu / 1e6),
        unit: "/s",
        budget: short ? null : 5000,
        atMost: false,
      },
      { ...row("  per second that passed", events / seconds, "/s"), atMost: false },
      row("CPU of an event, all threads of the hub", cpu / events, "µs"),
      row("cores used", cpu / 1e6 / seconds, "cores"),
      row("a batch sent to acknowledged, p50", at(times, 0.5), "ms"),
      row("  p99", at(times, 0.99), "ms"),
      row("hub, resident", after.residentBytes / 1e6, "MB"),
    ],
    notes: [
      `${batches} batches of ${eventsOfBatch} events, ${eventsOfBatch / 10} whole runs each, of ${jobs} jobs; ${senders} senders` +
        (isPinned ? "; the hub runs on one core" : ""),
    ],
  };
}

function at(times: readonly number[], ratio: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(ratio * (sorted.length - 1))] ?? Number.NaN;
}
