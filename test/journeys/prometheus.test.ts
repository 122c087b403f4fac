/**
 * With a stock Prometheus: it scrapes the hub without a complaint, and what it remote_writes into the hub is there with the
 * values it has itself, also what it scraped while the hub was away.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { SeriesRangeView } from "@belfry/contract";
import { startAgent } from "../kit/agent.ts";
import { startHub, until, type Hub } from "../kit/hub.ts";

const program = "/usr/bin/prometheus";
const isMissing = spawnSync(program, ["--version"]).status !== 0;
const skip = isMissing ? `${program} is not installed` : false;

interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** Everything it logged. */
  output(): string;
  /** Samples it has itself: `name{labels}` → pairs of epoch ms and value. */
  samples(selector: string, seconds: number): Promise<Map<string, [number, string][]>>;
}

/** Starts Prometheus with a configuration on a free port; its data goes away with it. */
async function startPrometheus(config: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-prometheus-"));
  await writeFile(join(folder, "prometheus.yml"), config);
  const port = await freePort();
  const args = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=info",
  ];
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const url = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${output}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    return answer?.ok === true;
  };
  try {
    await until("Prometheus is ready", isReady, 20_000);
  } catch (error) {
    await stop(child, folder);
    throw error;
  }
  return {
    url,
    output: () => output,
    samples: (selector, seconds) => readSamples(url, `${selector}[${seconds}s]`),
    [Symbol.asyncDispose]: () => stop(child, folder),
  };
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null) {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
  await rm(folder, { recursive: true, force: true });
}

interface Matrix {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly [number, string][];
    }[];
  };
}

async function readSamples(url: string, query: string): Promise<Map<string, [number, string][]>> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as Matrix;
  return new Map(
    data.result.map(({ metric, values }) => {
      const { __name__: name = "", ...labels } = metric;
      return [keyOf(name, labels), values.map(([at, value]) => [Math.round(at * 1000), value])];
    }),
  );
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}${JSON.stringify(pairs)}`;
}

/** What the hub has, in the same shape. */
async function keptIn(hub: Hub, selector: string): Promise<Map<string, [number, string][]>> {
  const start = Date.now() / 1000 - 600;
  const query = `match=${encodeURIComponent(selector)}&start=${start}&raw=true&limit=1000`;
  const { items } = await hub.ask<SeriesRangeView>("GET", `/api/v1/series/range?${query}`);
  return new Map(
    items.map((item) => {
      const times = "times_ms" in item ? item.times_ms : [];
      const values = "values" in item ? item.values : [];
      const pairs = times.map((at, i): [number, string] => [at, String(values[i])]);
      return [keyOf(item.name, item.labels), pairs];
    }),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A target with a series of every sort of value; `example_scrapes_total` counts how often it was asked. */
async function startTarget(): Promise<{ readonly port: number; readonly server: Server }> {
  let scrapes = 0;
  const server = createServer((_request, response) => {
    scrapes += 1;
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(
      [
        "# TYPE example_scrapes_total counter",
        `example_scrapes_total ${scrapes}`,
        "# TYPE example_value gauge",
        'example_value{kind="fraction"} 0.1',
        'example_value{kind="large"} 1.7976931348623157e+308',
        'example_value{kind="minus"} -12.75',
        'example_value{kind="infinite"} +Inf',
        'example_value{kind="none"} NaN',
        String.raw`example_value{kind="ünïcode \"quoted\" \\ 😀"} 7`,
        "",
      ].join("\n"),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, server };
}

/** Prometheus writes numbers in its own way; as numbers they must be the same. */
function same(a: string, b: string): boolean {
  return Object.is(Number(a.replace("Inf", "Infinity")), Number(b.replace("Inf", "Infinity")));
}

const loopback = (port: number | string): string => `127.0.0.1:${port}`;

describe("a stock Prometheus", { skip }, () => {
  test("scrapes the hub, every target up, without a warning in its log", async () => {
    await using hub = await startHub();
    const { host } = new URL(hub.url);
    await using prometheus = await startPrometheus(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: belfry
    static_configs: [{targets: ["${host}"]}]
`);
    const up = await until("three scrapes", async () => {
      const series = await prometheus.samples('up{job="belfry"}', 60);
      const values = [...series.values()][0] ?? [];
      return values.length >= 3 && values;
    });
    assert.ok(up.every(([, value]) => value === "1"));
    const names = await fetch(`${prometheus.url}/api/v1/label/__name__/values`);
    const { data } = (await names.json()) as { readonly data: readonly string[] };
    for (const name of ["belfry_checks_total", "probe_success", "process_cpu_seconds_total"]) {
      assert.ok(data.includes(name), name);
    }
    assert.doesNotMatch(prometheus.output(), /level=(warn|error)/);
  });

  test("scrapes the agent without a warning, and a node_exporter dashboard finds its series", async () => {
    await using agent = await startAgent({ args: ["--interval", "1"] });
    await using prometheus = await startPrometheus(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: node
    static_configs: [{targets: ["${new URL(agent.url).host}"]}]
`);
    await until("three scrapes", async () => {
      const series = await prometheus.samples('node_load1{job="node"}', 60);
      return ([...series.values()][0] ?? []).length >= 3;
    });
    for (const query of dashboardQueries) {
      const found = await readVector(prometheus.url, query);
      assert.ok(found.length > 0, `${query} finds nothing`);
      for (const value of found) assert.ok(Number.isFinite(Number(value)), `${query}: ${value}`);
    }
    assert.doesNotMatch(prometheus.output(), /level=(warn|error)/);
  });

  test("remote_writes into the hub, and nothing is missing after the hub was away", async () => {
    const target = await startTarget();
    const dataDir = await mkdtemp(join(tmpdir(), "belfry-remote-write-"));
    const port = await freePort();
    const options = { dataDir, args: ["--listen", loopback(port)] };
    try {
      await using first = await startHub(options);
      await using prometheus = await startPrometheus(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms, external_labels: {site: "here"}}
scrape_configs:
  - job_name: example
    static_configs: [{targets: ["${loopback(target.port)}"]}]
remote_write:
  - url: http://${loopback(port)}/prometheus/api/v1/write
    queue_config: {batch_send_deadline: 500ms, min_backoff: 50ms, max_backoff: 200ms}
`);
      await until("samples in the hub", async () => (await scrapesIn(first)) >= 4, 20_000);
      await first.end("SIGKILL");
      const before = await lastScrape(prometheus);
      await until("scrapes meanwhile", async () => (await lastScrape(prometheus)) >= before + 4);
      await using second = await startHub(options);
      const wanted = (await lastScrape(prometheus)) + 2;
      await until("the rest", async () => (await scrapesIn(second)) >= wanted, 30_000);
      await compare(prometheus, second, wanted);
    } finally {
      target.server.close();
      target.server.closeAllConnections();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

/** What the panels of dashboards made for node_exporter ask first. */
const dashboardQueries = [
  '100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle",job="node"}[10s])))',
  'sum by (mode) (irate(node_cpu_seconds_total{job="node"}[10s]))',
  'count(count by (cpu) (node_cpu_seconds_total{job="node"}))',
  "scalar(node_load1) * 100 / count(count by (cpu) (node_cpu_seconds_total))",
  "node_load5",
  "node_load15",
  "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
  "node_memory_MemFree_bytes + node_memory_Cached_bytes + node_memory_Buffers_bytes",
  "node_memory_SwapTotal_bytes - node_memory_SwapFree_bytes",
  '100 - 100 * node_filesystem_avail_bytes{mountpoint="/"} / node_filesystem_size_bytes{mountpoint="/"}',
  'node_filesystem_files_free{mountpoint="/"} / node_filesystem_files{mountpoint="/"}',
  "node_filesystem_readonly",
  "node_time_seconds - node_boot_time_seconds",
  "irate(node_network_receive_bytes_total[10s]) * 8",
  "irate(node_network_transmit_packets_total[10s])",
  "rate(node_network_receive_errs_total[10s]) + rate(node_network_receive_drop_total[10s])",
  "irate(node_disk_read_bytes_total[10s])",
  "irate(node_disk_writes_completed_total[10s])",
  "irate(node_disk_io_time_seconds_total[10s])",
  "rate(node_pressure_cpu_waiting_seconds_total[10s])",
  "rate(node_pressure_memory_stalled_seconds_total[10s])",
  "rate(node_context_switches_total[10s])",
  "rate(node_intr_total[10s])",
  "rate(node_forks_total[10s])",
  "node_procs_running",
  "rate(node_vmstat_pgpgin[10s])",
  "node_netstat_Tcp_CurrEstab",
  "node_sockstat_TCP_inuse",
  "node_uname_info",
];

/** The values an instant query finds now. */
async function readVector(url: string, query: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as {
    readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
  };
  return data.result.map(({ value }) => value[1]);
}

async function scrapesIn(hub: Hub): Promise<number> {
  const kept = await keptIn(hub, 'example_scrapes_total{job="example"}');
  return Number([...kept.values()][0]?.at(-1)?.[1] ?? 0);
}

async function lastScrape(prometheus: Prometheus): Promise<number> {
  const own = await prometheus.samples("example_scrapes_total", 60);
  return Number([...own.values()][0]?.at(-1)?.[1] ?? 0);
}

/** Every sample Prometheus has up to a scrape is in the hub, with its value and its labels. */
async function compare(prometheus: Prometheus, hub: Hub, scrapes: number): Promise<void> {
  const own = await prometheus.samples('{job="example"}', 60);
  const kept = await keptIn(hub, '{job="example",site="here"}');
  const counter = [...own].find(([key]) => key.startsWith("example_scrapes_total"))?.[1] ?? [];
  const until = counter.find(([, value]) => Number(value) >= scrapes)?.[0] ?? 0;
  assert.ok(until > 0);
  let compared = 0;
  for (const [key, samples] of own) {
    const pairs = JSON.parse(key.slice(key.indexOf("["))) as [string, string][];
    const name = key.slice(0, key.indexOf("["));
    const there = kept.get(keyOf(name, { ...Object.fromEntries(pairs), site: "here" }));
    assert.ok(there !== undefined, `${key} is not in the hub`);
    const byTime = new Map(there);
    for (const [at, value] of samples) {
      if (at > until) continue;
      const found = byTime.get(at);
      assert.ok(found !== undefined && same(found, value), `${key} at ${at}: ${value}, ${found}`);
      compared += 1;
    }
  }
  assert.ok(compared > 8 * 10, `${compared} samples compared`);
}
