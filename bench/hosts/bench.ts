/**
 * A hub that takes in 500 hosts with 300 series each every 5 s while it checks endpoints and answers pages: CPU, memory,
 * how late checks are, how long pages take, and what a sample costs on disk.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startHub, type Hub } from "../../test/kit/hub.ts";
import { usageOf } from "../process-usage.ts";
import type { BenchReport } from "../report.ts";
import { startBenchTarget } from "../target.ts";
import type { LoadResult, LoadSettings } from "./load.ts";

const seriesPerHost = 300;
const monitors = 100;

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const hosts = short ? 100 : 500;
  const seconds = short ? 15 : 120;
  await using target = await startBenchTarget();
  await using hub = await startHub({
    env: { BELFRY_RATE_LIMIT_REQUESTS_PER_MINUTE: "10000000", BELFRY_AGENT_ENABLED: "false" },
  });
  const pinned = pinToOneCore(hub.pid);
  for (let n = 0; n < monitors; n += 1) {
    await hub.ask("POST", "/api/v1/monitors", { name: `web ${n}`, url: target.url, interval: 5 });
  }
  const load = startLoad({ url: hub.url, hosts, series: seriesPerHost, intervalMs: 5000, seconds });
  await new Promise((resolve) => setTimeout(resolve, short ? 6000 : 20_000));
  const before = usageOf(hub.pid);
  const beginMs = performance.now();
  const ids = await idsOf(hub);
  const pages = await pageTimes(hub, ids, (seconds - (short ? 9 : 25)) * 1000);
  const after = usageOf(hub.pid);
  const elapsedMs = performance.now() - beginMs;
  const result = await load;
  const lag = await lagOf(hub);
  const stats = await databaseBytes(hub);
  const cpu = (after.cpuMicroseconds - before.cpuMicroseconds) / 1000 / elapsedMs;
  return {
    name: "hosts",
    rows: [
      row("hub's CPU, cores", cpu, "cores", 1),
      row("hub, resident", after.residentBytes / 1e6, "MB", short ? null : 700),
      row("page of hosts and of one host, p95", at(pages, 0.95), "ms", 50),
      row("a batch sent to acknowledged, p99", at(result.acknowledgedMs, 0.99), "ms", null),
      row("batches that failed", result.failed, "batches", 0),
      row("lag of checks, p99 (upper bound)", lag.p99Ms, "ms", 100),
      row("checks skipped", lag.skipped, "checks", 0),
      row("on the wire, without headers", result.bodyBytes / result.samples, "B/sample", null),
      row("database, not yet sealed", stats / result.samples, "B/sample", null),
    ],
    notes: [
      `${hosts} hosts × ${seriesPerHost} series every 5 s for ${seconds} s, ${monitors} http monitors at 5 s` +
        (pinned ? "; the hub runs on one core" : ""),
    ],
  };
}

function row(what: string, value: number, unit: string, budget: number | null) {
  return { what, value, unit, budget, atMost: true };
}

/** Whether the hub may use one core only. */
function pinToOneCore(pid: number): boolean {
  try {
    execFileSync("taskset", ["-a", "-p", "-c", "0", String(pid)], { stdio: "ignore" });
    return true;
  } catch {
    // No `taskset` here: the figure for CPU says how much it used.
    return false;
  }
}

async function startLoad(settings: LoadSettings): Promise<LoadResult> {
  const script = fileURLToPath(new URL("load.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await once(child, "close");
  return JSON.parse(text) as LoadResult;
}

async function idsOf(hub: Hub): Promise<readonly string[]> {
  const page = await hub.ask<{ items: { id: string }[] }>("GET", "/api/v1/hosts?limit=1000");
  return page.items.map(({ id }) => id);
}

/** Times of what the pages ask: the table with its sparklines, then one host's first screen. */
async function pageTimes(hub: Hub, ids: readonly string[], lastMs: number): Promise<number[]> {
  const names = ["belfry_host_cpu_mode_ratio", "node_load1", "node_memory_MemAvailable_bytes"];
  const times: number[] = [];
  const until = performance.now() + lastMs;
  for (let n = 0; performance.now() < until; n += 1) {
    const id = ids[(n * 7) % ids.length] ?? "";
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const query = names.map((name) => `name=${name}`).join("&");
    for (const path of [
      "/api/v1/hosts?limit=50",
      `/api/v1/hosts/${id}`,
      `/api/v1/hosts/${id}/series?${query}&from=${from}&step=10`,
    ]) {
      const begin = performance.now();
      await hub.ask("GET", path);
      times.push(performance.now() - begin);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return times.toSorted((a, b) => a - b);
}

async function lagOf(hub: Hub): Promise<{ readonly p99Ms: number; readonly skipped: number }> {
  const text = await (await fetch(`${hub.url}/metrics`)).text();
  const buckets = [
    ...text.matchAll(/^belfry_check_lag_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm),
  ].map(([, bound = "", count = ""]) => ({
    bound: Number(bound.replace("+Inf", "Infinity")),
    count: Number(count),
  }));
  const all = buckets.at(-1)?.count ?? 0;
  const p99 = buckets.find(({ count }) => count >= all * 0.99)?.bound ?? Number.NaN;
  const skipped = [...text.matchAll(/^belfry_checks_skipped_total(?:\{[^}]*\})? (\d+)$/gm)].reduce(
    (sum, [, count = "0"]) => sum + Number(count),
    0,
  );
  return { p99Ms: p99 * 1000, skipped };
}

async function databaseBytes(hub: Hub): Promise<number> {
  const { readdir, stat } = await import("node:fs/promises");
  const files = await readdir(hub.dataDir);
  const sizes = await Promise.all(
    files
      .filter((name) => name.startsWith("belfry.db"))
      .map((name) => stat(`${hub.dataDir}/${name}`)),
  );
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}
