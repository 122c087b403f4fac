/**
 * What watching a host costs: CPU of a snapshot of the core, of a whole agent at its usual pace, its memory, and whether
 * it grows. node_exporter is measured in the same run where it is installed.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { usageOf } from "../process-usage.ts";
import type { BenchReport, BenchRow } from "../report.ts";
import { measureCore, privateBytes, type CoreCost } from "./core.ts";
import { measureNodeExporter, type PeerCost } from "./peer.ts";
import type { BareState } from "./bare.ts";

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
  const bare = await measureBare(short ? 15_000 : 120_000);
  const here = measureCore(machine, short ? 5_000 : 100_000);
  const large = measureLarge(short ? 5_000 : 20_000);
  const peer = await measureNodeExporter(short ? 50 : 300);
  return {
    name: "agent",
    rows: rowsOf({ bare, here, large, peer }),
    notes: [
      `this machine: ${here.series} series of the core, ${bare.series} with the slow collectors; 16 cores: ${large.series}`,
      `CPU of a snapshot: user and system time of ${here.snapshots} in a row, read and put into a table, not encoded`,
      `whole agent: all collectors at their paces, the core every 5 s, over ${Math.round(bare.seconds)} s after the first rounds`,
      peer === null
        ? "node_exporter is not installed: no peer"
        : `peer: node_exporter ${peer.version}, ${peer.series} series, CPU of its process per scrape, ${Math.round(peer.residentBytes / 1e6)} MB resident`,
    ],
  };
}

interface Measured {
  readonly bare: Bare;
  readonly here: CoreCost;
  readonly large: CoreCost;
  readonly peer: PeerCost | null;
}

function rowsOf({ bare, here, large, peer }: Measured): BenchRow[] {
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
      value: (bare.cpuMicroseconds / 1e6 / bare.seconds) * 100,
      unit: "% of a core",
      budget: 0.3,
      atMost,
      ...beside(scrape === undefined ? undefined : (scrape / 5e6) * 100),
    },
    {
      what: "resident memory, agent alone",
      value: bare.residentBytes / 1e6,
      unit: "MB",
      budget: 75,
      atMost,
      ...beside(peer === null ? undefined : peer.residentBytes / 1e6),
    },
    {
      what: "private memory, agent alone",
      value: bare.privateBytes / 1e6,
      unit: "MB",
      budget: 30,
      atMost,
    },
    {
      what: `growth over ${here.snapshots.toLocaleString("en")} snapshots`,
      value: Math.max(0, here.privateAfter - here.privateBefore) / 1e6,
      unit: "MB",
      budget: 2,
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

interface Bare {
  readonly cpuMicroseconds: number;
  readonly seconds: number;
  readonly residentBytes: number;
  readonly privateBytes: number;
  readonly series: number;
}

/** As `packages/agent/bin/launch-agent.js` starts an agent: little garbage is kept, and types were stripped before. */
const launchFlags = [
  "--max-semi-space-size=1",
  "--heap-growing-percent=25",
  "--no-parallel-scavenge",
];

async function measureBare(ms: number): Promise<Bare> {
  const cache = mkdtempSync(join(tmpdir(), "belfry-bench-agent-"));
  try {
    await watchBare(0, cache);
    return await watchBare(ms, cache);
  } finally {
    rmSync(cache, { recursive: true });
  }
}

async function watchBare(ms: number, cache: string): Promise<Bare> {
  const script = fileURLToPath(new URL("bare.ts", import.meta.url));
  const child = spawn(process.execPath, [...launchFlags, script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("the agent did not start");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const state = async (): Promise<BareState> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the agent ended by itself");
    return JSON.parse(value) as BareState;
  };
  try {
    // The first rounds of the slow collectors are not what it costs from then on.
    const before = await state();
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.stdin.write("\n");
    const after = await state();
    return {
      cpuMicroseconds: after.cpuMicroseconds - before.cpuMicroseconds,
      seconds: (after.atMs - before.atMs) / 1_000,
      residentBytes: usageOf(pid).residentBytes,
      privateBytes: privateBytes(pid),
      series: after.series,
    };
  } finally {
    child.stdin.end();
    await exited;
  }
}
