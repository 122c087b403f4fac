/** The core of an agent in this process, sampled as fast as it goes, and what that cost. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { collectorsFor } from "../../packages/agent/src/collect/registry.ts";
import type { Roots } from "../../packages/agent/src/collect/collector.ts";
import { FactBook } from "../../packages/agent/src/sample/fact-book.ts";
import { SeriesTable } from "../../packages/agent/src/sample/series-table.ts";

export interface CoreCost {
  readonly series: number;
  readonly cpuMicroseconds: number;
  /** Bytes that live objects and buffers take, after the warm-up and at the end. */
  readonly liveBefore: number;
  readonly liveAfter: number;
  readonly snapshots: number;
}

/** Takes `snapshots` of the core below `roots`, after as many as the compiler needs. */
export function measureCore(roots: Roots, snapshots: number): CoreCost {
  const settings = { roots, diskPath: "/", topProcesses: 10, containerSocket: null };
  const clock = { now: () => Date.now(), monotonicMs: () => performance.now() };
  const table = new SeriesTable();
  const facts = new FactBook(clock.now);
  const core = collectorsFor("linux")
    .filter(({ pace }) => pace === "core")
    .map((spec) => {
      const section = table.section(spec.name, 60_000);
      return { section, collector: spec.create(settings, { section, facts, ...clock }) };
    });
  let series = 0;
  const takeOne = (): void => {
    for (const { section, collector } of core) {
      section.begin();
      void collector.collect();
      section.end(clock.monotonicMs());
    }
    const { present, values } = table.read(clock.now(), clock.monotonicMs());
    series = present === undefined ? values.length : present.reduce((sum, one) => sum + one, 0);
  };
  for (let i = 0; i < 5_000; i += 1) takeOne();
  const liveBefore = liveBytes();
  const begin = process.cpuUsage();
  for (let i = 0; i < snapshots; i += 1) takeOne();
  const { user, system } = process.cpuUsage(begin);
  const liveAfter = liveBytes();
  for (const { collector } of core) collector[Symbol.dispose]();
  return {
    series,
    cpuMicroseconds: (user + system) / snapshots,
    liveBefore,
    liveAfter,
    snapshots,
  };
}

/** After a full collection: what is counted is kept by somebody. */
function liveBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") for (let i = 0; i < 3; i += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes no other process shares. */
export function privateBytes(pid: number | "self" = "self"): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return [...rollup.matchAll(/^Private_\w+: +(\d+) kB/gm)].reduce(
    (sum, [, kib]) => sum + Number(kib) * 1024,
    0,
  );
}
