/** Processors of a Mac, through the runtime (`host_processor_info`): times per core in ms, in four modes. */
import { cpus, uptime, type CpuInfo } from "node:os";
import { hostMetrics } from "@belfry/contract/host-metrics";
import { CpuShare } from "./cpu-share.ts";
import type { CollectorSpec } from "./collector.ts";
import { counter, gauge } from "./metric.ts";
import { OneSeries } from "./one-series.ts";

export interface DarwinCpuSource {
  readonly cpus: () => readonly CpuInfo[];
  /** Seconds since the machine started. */
  readonly uptime: () => number;
}

/** Names of node_exporter's modes, and the runtime's. */
const modes = [
  ["user", "user"],
  ["nice", "nice"],
  ["system", "sys"],
  ["idle", "idle"],
] as const;

const seconds = counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.");
const bootTime = gauge(hostMetrics.bootTime.name, hostMetrics.bootTime.help);
const timeNow = gauge("node_time_seconds", "System time in seconds since epoch (1970).");
const ratio = gauge(hostMetrics.cpuRatio.name, hostMetrics.cpuRatio.help);
const modeRatio = gauge(hostMetrics.cpuModeRatio.name, hostMetrics.cpuModeRatio.help);
const cores = gauge(hostMetrics.cores.name, hostMetrics.cores.help);

/** The time of the start is now minus the time since then, and moves with the clock: seconds of it are no restart. */
const bootToleranceSeconds = 5;

export function createDarwinCpu(source: DarwinCpuSource): CollectorSpec {
  return {
    name: "cpu",
    pace: "core",
    metrics: [seconds, bootTime, timeNow, ratio, modeRatio, cores],
    create({ roots }, { section, monotonicMs, now }) {
      const names = modes.map(([name]) => name);
      const share = new CpuShare(names, { roots, monotonicMs });
      const sum = new Float64Array(modes.length);
      const busy = new OneSeries(section, ratio);
      const byMode = names.map((mode) => new OneSeries(section, modeRatio, { mode }));
      let bootedAt = Number.NaN;
      return {
        collect() {
          const all = source.cpus();
          if (all.length === 0) return;
          sum.fill(0);
          all.forEach(({ times }, core) => {
            modes.forEach(([mode, key], index) => {
              section.put(seconds, { cpu: String(core), mode }, times[key] / 1_000);
              sum[index] = (sum[index] ?? 0) + times[key];
            });
          });
          share.measure(sum, all.length);
          busy.set(share.busy);
          byMode.forEach((series, index) => series.set(share.ofMode(index)));
          section.put(cores, {}, all.length);
          const found = Math.round(now() / 1_000 - source.uptime());
          if (!(Math.abs(found - bootedAt) <= bootToleranceSeconds)) bootedAt = found;
          section.put(bootTime, {}, bootedAt);
          section.put(timeNow, {}, now() / 1_000);
        },
        [Symbol.dispose]: () => share[Symbol.dispose](),
      };
    },
  };
}

export const darwinCpu: CollectorSpec = createDarwinCpu({ cpus, uptime });
