/**
 * What watching a host costs: CPU of a snapshot of the core, of a whole agent at its usual pace, its memory, and whether
 * it grows. node_exporter is measured in the same run where it is installed.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { usageOf } from "../process-usage.ts";
import { answers, freePort } from "../target.ts";
import type { BenchReport, BenchRow } from "../report.ts";
import { measureCore, privateBytes, type CoreCost } from "./core.ts";
import { measureNodeExporter, type PeerCost } from "./peer.ts";

const machine = { proc: "/proc", sys: "/sys", root: "" };
const fixture = fileURLToPath(
  new URL("../../packages/agent/src/collect/testdata/sixteen-cores", import.meta.url),
);
/** Where the fixture's file systems are mounted. */
const mountpoints = [
  "boot/efi",
  "data",
  "home",
  "mnt/nfs",
  "mnt/read-only",
  "run",
  "srv/with space\\and\ttab",
];

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const whole = await measureWhole(short ? 15_000 : 120_000);
  const here = measureCore(machine, short ? 5_000 : 100_000);
  const large = measureLarge(short ? 5_000 : 20_000);
  const peer = await measureNodeExporter(short ? 50 : 300);
  return {
    name: "agent",
    rows: rowsOf({ whole, here, large, peer }),
    notes: [
      `this machine: ${here.series} series of the core, ${whole.series} with the slow collectors; 16 cores: ${large.series}`,
      `CPU of a snapshot: user and system time of ${here.snapshots} in a row, read and put into a table, not encoded`,
      `whole agent: belfry-agent as it is started, all collectors at their paces, the core every 5 s, serving, over ${Math.round(whole.seconds)} s after the first rounds`,
      peer === null
        ? "node_exporter is not installed: no peer"
        : `peer: node_exporter ${peer.version}, ${peer.series} series, CPU of its process per scrape, ${Math.round(peer.residentBytes / 1e6)} MB resident`,
    ],
  };
}

interface Measured {
  readonly whole: Whole;
  readonly here: CoreCost;
  readonly large: CoreCost;
  readonly peer: PeerCost | null;
}

function rowsOf({ whole, here, large, peer }: Measured): BenchRow[] {
  const beside = (value: number | undefined): Pick<BenchRow, "peer"> =>
    value === undefined ? {} : { peer: { name: "node_exporter", value } };
  const scrape = peer?.cpuMicrosecondsPerScrape;
  const atMost = true;
  const rows: BenchRow[] = [
    {
      what: `CPU per core snapshot, ${large.series} series (16 cores, from files)`,
      value: large.cpuMicroseconds,
      unit: "µs",
      budget: 500,
      atMost,
    },
    {
      what: `CPU per core snapshot, ${here.series} series (this machine)`,
      value: here.cpuMicroseconds,
      unit: "µs",
      budget: 500,
      atMost,
      ...beside(scrape),
    },
    {
      what: "whole agent, every 5 s",
      value: (whole.cpuMicroseconds / 1e6 / whole.seconds) * 100,
      unit: "% of a core",
      budget: 0.3,
      atMost,
      ...beside(scrape === undefined ? undefined : (scrape / 5e6) * 100),
    },
    {
      what: "resident memory of the whole agent",
      value: whole.residentBytes / 1e6,
      unit: "MB",
      budget: 75,
      atMost,
      ...beside(peer === null ? undefined : peer.residentBytes / 1e6),
    },
    {
      what: "private memory of the whole agent",
      value: whole.privateBytes / 1e6,
      unit: "MB",
      budget: 30,
      atMost,
    },
    {
      what: `live memory, growth over ${here.snapshots.toLocaleString("en")} snapshots`,
      value: Math.max(0, here.liveAfter - here.liveBefore) / 1e6,
      unit: "MB",
      budget: 0.5,
      atMost,
    },
  ];
  if (scrape !== undefined) {
    rows.push({
      what: "node_exporter's scrape / our snapshot, CPU",
      value: scrape / here.cpuMicroseconds,
      unit: "×",
      budget: null,
      atMost: false,
    });
  }
  return rows;
}

function measureLarge(snapshots: number): CoreCost {
  const root = mkdtempSync(join(tmpdir(), "belfry-bench-agent-"));
  try {
    for (const path of mountpoints) mkdirSync(join(root, path), { recursive: true });
    const roots = { proc: `${fixture}/proc`, sys: `${fixture}/sys`, root };
    return measureCore(roots, snapshots);
  } finally {
    rmSync(root, { recursive: true });
  }
}

interface Whole {
  readonly cpuMicroseconds: number;
  readonly seconds: number;
  readonly residentBytes: number;
  readonly privateBytes: number;
  readonly series: number;
}

/** The command as people start it, with its launcher's flags, serving and sending to nobody. */
async function measureWhole(ms: number): Promise<Whole> {
  const command = fileURLToPath(
    new URL("../../packages/agent/bin/belfry-agent.js", import.meta.url),
  );
  const state = mkdtempSync(join(tmpdir(), "belfry-bench-agent-"));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [command, "--listen", `127.0.0.1:${port}`, "--state-dir", state],
    { stdio: "ignore" },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error("the agent did not start");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  try {
    const url = `http://127.0.0.1:${port}/metrics`;
    await answers(url);
    // The first rounds of all collectors are not what it costs from then on.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const before = await readUsage(url);
    await new Promise((resolve) => setTimeout(resolve, ms));
    const usage = { residentBytes: usageOf(pid).residentBytes, privateBytes: privateBytes(pid) };
    const after = await readUsage(url);
    return {
      ...usage,
      cpuMicroseconds: after.cpuMicroseconds - before.cpuMicroseconds,
      seconds: (after.atMs - before.atMs) / 1_000,
      series: after.series,
    };
  } finally {
    child.kill("SIGTERM");
    await exited;
    rmSync(state, { recursive: true });
  }
}

interface Reading {
  readonly cpuMicroseconds: number;
  readonly atMs: number;
  readonly series: number;
}

async function readUsage(url: string): Promise<Reading> {
  const text = await (await fetch(url)).text();
  const seconds = /^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1];
  if (seconds === undefined) throw new Error(`${url} does not tell the CPU time of the agent`);
  const series = text.match(/^(node_(?!scrape)|belfry_(?!agent))/gm)?.length ?? 0;
  return { cpuMicroseconds: Number(seconds) * 1e6, atMs: performance.now(), series };
}
