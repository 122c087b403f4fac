/**
 * Checks at 1,000 a second in a real hub (probe, judge, store, board, metrics), beside a bare `node:http` loop and, when it
 * is installed, blackbox_exporter, all against the same local server in the same run.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startHub, until, type Hub } from "../../test/kit/hub.ts";
import { usageOf } from "../process-usage.ts";
import type { BenchReport } from "../report.ts";
import { answers, freePort, startBenchTarget } from "../target.ts";

const monitors = 1000;

interface Sample {
  readonly at: number;
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  readonly checks: number;
  readonly skips: number;
  readonly lag: ReadonlyMap<number, number>;
}

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const seconds = short ? 10 : 60;
  await using target = await startBenchTarget();
  const bareBefore = bareLoop(target.url, short);
  await using hub = await startHub();
  await createMonitors(hub, target.url);
  await until(
    "every monitor checked",
    async () => (await sampleOf(hub)).checks >= monitors * 2,
    30_000,
  );
  const first = await sampleOf(hub);
  await new Promise((resolve) => setTimeout(resolve, seconds * 500));
  const middle = await sampleOf(hub);
  await new Promise((resolve) => setTimeout(resolve, seconds * 500));
  const last = await sampleOf(hub);
  const checks = last.checks - first.checks;
  const perCheck = (last.cpuMicroseconds - first.cpuMicroseconds) / checks;
  await hub.end("SIGTERM");
  const bare = (bareBefore + bareLoop(target.url, short)) / 2;
  const blackbox = await blackboxLoop(target.url, short ? 1000 : 5000);
  return {
    name: "checks",
    rows: [
      {
        what: "HTTP check in the whole hub, CPU as a ratio of a bare node:http loop",
        value: perCheck / bare,
        unit: "×",
        budget: 260 / 194,
        atMost: true,
        ...(blackbox === null
          ? {}
          : { peer: { name: "blackbox_exporter", value: blackbox / bare } }),
      },
      {
        what: "HTTP check in the whole hub, CPU",
        value: perCheck,
        unit: "µs",
        budget: 260,
        atMost: true,
        peer: { name: "bare node:http loop", value: bare },
      },
      {
        what: "checks done per second, of 1,000 asked for",
        value: checks / ((last.at - first.at) / 1000),
        unit: "/s",
        budget: 995,
        atMost: false,
      },
      {
        what: "checks skipped",
        value: last.skips - first.skips,
        unit: "",
        budget: 0,
        atMost: true,
      },
      {
        what: "schedule lag, p99",
        value: p99(first.lag, last.lag) * 1000,
        unit: "ms",
        budget: 100,
        atMost: true,
      },
      {
        what: "hub with 1,000 monitors, resident",
        value: last.residentBytes / 1e6,
        unit: "MB",
        budget: 170,
        atMost: true,
      },
      {
        what: "growth of resident memory in the second half",
        value: (last.residentBytes - middle.residentBytes) / 1e6,
        unit: "MB",
        budget: null,
        atMost: true,
      },
    ],
    notes: [`${monitors} monitors at 1 s for ${seconds} s against ${target.name}`],
  };
}

async function createMonitors(hub: Hub, url: string): Promise<void> {
  for (let from = 0; from < monitors; from += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        hub.ask("POST", "/api/v1/monitors", {
          name: `check ${from + i}`,
          url: `${url}?n=${from + i}`,
          interval: 1,
          timeout: 5,
        }),
      ),
    );
  }
}

async function sampleOf(hub: Hub): Promise<Sample> {
  const text = await (await fetch(`${hub.url}/metrics`)).text();
  const usage = usageOf(hub.pid);
  const lag = new Map<number, number>();
  for (const match of text.matchAll(/^belfry_check_lag_seconds_bucket\{le="([^"]+)"\} (\S+)/gm)) {
    lag.set(match[1] === "+Inf" ? Number.POSITIVE_INFINITY : Number(match[1]), Number(match[2]));
  }
  return {
    at: Date.now(),
    ...usage,
    checks: sum(text, "belfry_checks_total"),
    skips: sum(text, "belfry_checks_skipped_total"),
    lag,
  };
}

/** Adds up a counter over its labels. */
function sum(text: string, name: string): number {
  let total = 0;
  for (const match of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, "gm")))
    total += Number(match[1]);
  return total;
}

/** The smallest bucket bound that holds 99 % of what came between two readings, in seconds. */
function p99(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  const total =
    (after.get(Number.POSITIVE_INFINITY) ?? 0) - (before.get(Number.POSITIVE_INFINITY) ?? 0);
  for (const [bound, count] of [...after].toSorted((a, b) => a[0] - b[0])) {
    if (count - (before.get(bound) ?? 0) >= total * 0.99) return bound;
  }
  return Number.POSITIVE_INFINITY;
}

function bareLoop(url: string, short: boolean): number {
  const script = fileURLToPath(new URL("bare-loop.ts", import.meta.url));
  const done = spawnSync(process.execPath, [script, url, short ? "5000" : "30000"], {
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(`bare loop failed: ${done.stderr}`);
  return Number(done.stdout);
}

/** CPU per probe of blackbox_exporter in µs; null when it is not installed. */
async function blackboxLoop(url: string, count: number): Promise<number | null> {
  if (spawnSync("prometheus-blackbox-exporter", ["--version"]).status !== 0) return null;
  const folder = await mkdtemp(join(tmpdir(), "belfry-bench-blackbox-"));
  const port = await freePort();
  const config = fileURLToPath(new URL("blackbox.yml", import.meta.url));
  const child = spawn(
    "prometheus-blackbox-exporter",
    [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"],
    { stdio: "ignore", cwd: folder },
  );
  try {
    const probe = `http://127.0.0.1:${port}/probe?module=http_2xx&target=${encodeURIComponent(url)}`;
    await answers(probe);
    let left = count;
    const before = usageOf(child.pid ?? 0);
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        while (left > 0) {
          left -= 1;
          await (await fetch(probe)).text();
        }
      }),
    );
    return (usageOf(child.pid ?? 0).cpuMicroseconds - before.cpuMicroseconds) / count;
  } finally {
    child.kill("SIGTERM");
    await rm(folder, { recursive: true, force: true });
  }
}
