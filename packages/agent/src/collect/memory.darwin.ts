/**
 * Memory and swap of a Mac: `vm_stat` and `sysctl vm.swapusage`, named as node_exporter names them there. What is
 * available to programs is what is free or inactive, as psutil counts it.
 */
import { totalmem } from "node:os";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { CollectorSpec } from "./collector.ts";
import { runProgram, type RunProgram } from "./darwin/run-program.ts";
import { parseSysctl } from "./darwin/sysctl.ts";
import { counter, gauge } from "./metric.ts";

const figure = (name: string): ReturnType<typeof gauge> =>
  gauge(`node_memory_${name}`, `Memory information field ${name}.`);
const total = (name: string): ReturnType<typeof counter> =>
  counter(`node_memory_${name}`, `Memory information field ${name}.`);

const metrics = {
  active: figure("active_bytes"),
  compressed: figure("compressed_bytes"),
  inactive: figure("inactive_bytes"),
  wired: figure("wired_bytes"),
  free: figure("free_bytes"),
  internal: figure("internal_bytes"),
  purgeable: figure("purgeable_bytes"),
  total: figure("total_bytes"),
  swapTotal: figure("swap_total_bytes"),
  swapUsed: figure("swap_used_bytes"),
  swappedIn: total("swapped_in_bytes_total"),
  swappedOut: total("swapped_out_bytes_total"),
  memoryRatio: gauge(hostMetrics.memoryRatio.name, hostMetrics.memoryRatio.help),
  swapRatio: gauge(hostMetrics.swapRatio.name, hostMetrics.swapRatio.help),
} as const;
type Key = keyof typeof metrics;

/** Lines of `vm_stat`. */
const lines: readonly (readonly [Key, string])[] = [
  ["active", "Pages active"],
  ["compressed", "Pages occupied by compressor"],
  ["inactive", "Pages inactive"],
  ["wired", "Pages wired down"],
  ["internal", "Anonymous pages"],
  ["purgeable", "Pages purgeable"],
  ["swappedIn", "Pageins"],
  ["swappedOut", "Pageouts"],
];

export function createDarwinMemory(run: RunProgram, totalBytes: () => number): CollectorSpec {
  return {
    name: "memory",
    pace: 10,
    metrics: Object.values(metrics),
    create: (_settings, { section }) => ({
      async collect() {
        const pages = await run("/usr/bin/vm_stat", []);
        const swap = await run("/usr/sbin/sysctl", ["vm.swapusage"]);
        const found = {
          ...(pages === undefined ? {} : parseVmStat(pages, totalBytes())),
          ...(swap === undefined ? {} : parseSwapUsage(swap)),
        };
        for (const key of keys) {
          const value = found[key];
          if (value !== undefined) section.put(metrics[key], {}, value);
        }
      },
      [Symbol.dispose]: () => undefined,
    }),
  };
}

export const darwinMemory: CollectorSpec = createDarwinMemory(runProgram, totalmem);

type Figures = { -readonly [K in Key]?: number };
const keys: readonly Key[] = [
  ...lines.map(([key]) => key),
  "free",
  "total",
  "swapTotal",
  "swapUsed",
  "memoryRatio",
  "swapRatio",
];

/** Bytes from the output of `vm_stat`, which counts pages; nothing where it is none. */
export function parseVmStat(output: string, totalBytes: number): Figures {
  const pageBytes = Number(/page size of (\d+) bytes/.exec(output)?.[1] ?? Number.NaN);
  const counts = new Map(
    Array.from(output.matchAll(/^"?([^":\n]+)"?:\s+(\d+)\.?$/gm), ([, name = "", count]) => [
      name,
      Number(count) * pageBytes,
    ]),
  );
  const unused = counts.get("Pages free");
  const inactive = counts.get("Pages inactive");
  if (Number.isNaN(pageBytes) || unused === undefined || inactive === undefined) return {};
  const figures: Figures = {};
  for (const [key, line] of lines) {
    const bytes = counts.get(line);
    if (bytes !== undefined) figures[key] = bytes;
  }
  // vm_stat takes what was read ahead out of what is free; the kernel counts it in.
  const free = unused + (counts.get("Pages speculative") ?? 0);
  const used = Math.min(1, Math.max(0, (totalBytes - free - inactive) / totalBytes));
  return { ...figures, free, total: totalBytes, memoryRatio: used };
}

const units: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Bytes from `vm.swapusage: total = 2048.00M  used = 710.81M  free = 1337.19M  (encrypted)`. */
export function parseSwapUsage(output: string): Figures {
  const text = parseSysctl(output).get("vm.swapusage") ?? "";
  const bytes = (name: string): number => {
    const [, number, unit = ""] = new RegExp(`${name} = ([\\d.]+)([KMG])`).exec(text) ?? [];
    return Math.round(Number(number) * (units[unit] ?? Number.NaN));
  };
  const swapTotal = bytes("total");
  const swapUsed = bytes("used");
  if (Number.isNaN(swapTotal + swapUsed)) return {};
  // A Mac makes swap when it needs some: without any there is nothing to be used of.
  if (swapTotal === 0) return { swapTotal, swapUsed };
  return { swapTotal, swapUsed, swapRatio: swapUsed / swapTotal };
}
