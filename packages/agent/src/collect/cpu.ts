/**
 * Processors and the scheduler: `/proc/stat`. Times are in ticks of 1/100 s. The time of guests is also in `user` and
 * `nice`, so it counts to neither busy nor total time of its own.
 *
 * Where the container's own limit on CPU time is below the machine's cores (see `limits.ts`), the ratios are the
 * container's use of its limit; then only the modes `user` and `system` are known.
 */
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Metric, Section, Slot } from "../sample/series-table.ts";
import { CpuShare } from "./cpu-share.ts";
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { counter, gauge } from "./metric.ts";
import { Named } from "./named.ts";
import { OneSeries } from "./one-series.ts";
import { Scan } from "./scan.ts";

/** USER_HZ: the same on every architecture Belfry runs on. */
const ticksPerSecond = 100;
/** In the order of the file. */
const modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"] as const;
const guestModes = ["user", "nice"] as const;

const seconds = counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.");
const guestSeconds = counter(
  "node_cpu_guest_seconds_total",
  "Seconds the CPUs spent in guests (VMs) for each mode.",
);
const ratio = gauge(hostMetrics.cpuRatio.name, hostMetrics.cpuRatio.help);
const modeRatio = gauge(hostMetrics.cpuModeRatio.name, hostMetrics.cpuModeRatio.help);
const cores = gauge(hostMetrics.cores.name, hostMetrics.cores.help);

/** Lines of one number. */
const single: Readonly<Record<string, Metric>> = {
  intr: counter("node_intr_total", "Total number of interrupts serviced."),
  ctxt: counter("node_context_switches_total", "Total number of context switches."),
  btime: gauge("node_boot_time_seconds", "Node boot time, in unixtime."),
  processes: counter("node_forks_total", "Total number of forks."),
  procs_running: gauge("node_procs_running", "Number of processes in runnable state."),
  procs_blocked: gauge(
    "node_procs_blocked",
    "Number of processes blocked waiting for I/O to complete.",
  ),
};

const timeNow = gauge("node_time_seconds", "System time in seconds since epoch (1970).");

/** What is done with a line: the slots of a core, the one slot of a number, nothing, or the sum of all cores. */
type Line = readonly Slot[] | Slot | null | "sum";

export const cpu: CollectorSpec = {
  name: "cpu",
  pace: "core",
  metrics: [seconds, guestSeconds, ...Object.values(single), timeNow, ratio, modeRatio, cores],
  create({ roots }, { section, monotonicMs, now }) {
    const file = new KeptFile(`${roots.proc}/stat`);
    const scan = new Scan();
    const lines = new Named<Line>(section, (name) => lineOf(section, name));
    const sum = new Float64Array(modes.length);
    const ratios = new CpuShare(modes, { roots, monotonicMs });
    const time = new OneSeries(section, timeNow);
    const coresOnline = new OneSeries(section, cores);
    const busy = new OneSeries(section, ratio);
    const byMode = modes.map((mode) => new OneSeries(section, modeRatio, { mode }));
    return {
      collect() {
        if (!scan.load(file.read())) return;
        let online = 0;
        lines.begin();
        for (; scan.hasMore; scan.nextLine()) {
          if (!scan.word()) continue;
          const line = lines.find(scan);
          if (line === null) continue;
          if (line === "sum") for (let i = 0; i < sum.length; i += 1) sum[i] = ticks(scan);
          else if (typeof line === "number") section.set(line, scan.number());
          else {
            online += 1;
            setCore(section, line, scan);
          }
        }
        time.set(now() / 1_000);
        if (online > 0) coresOnline.set(online);
        ratios.measure(sum, online);
        busy.set(ratios.busy);
        for (let i = 0; i < byMode.length; i += 1) byMode[i]?.set(ratios.ofMode(i));
      },
      [Symbol.dispose]() {
        file[Symbol.dispose]();
        ratios[Symbol.dispose]();
      },
    };
  },
};

/** The slots of a core are those of its modes and after them those of guests. */
function lineOf(section: Section, name: string): Line {
  if (name === "cpu") return "sum";
  const match = /^cpu(\d+)$/.exec(name);
  if (match === null) {
    const metric = single[name];
    return metric === undefined ? null : section.slot(metric);
  }
  const labels = { cpu: match[1] ?? "" };
  return [
    ...modes.map((mode) => section.slot(seconds, { ...labels, mode })),
    ...guestModes.map((mode) => section.slot(guestSeconds, { ...labels, mode })),
  ];
}

function setCore(section: Section, slots: readonly Slot[], scan: Scan): void {
  for (let i = 0; i < slots.length; i += 1) {
    section.set(slots[i] ?? 0, ticks(scan) / ticksPerSecond);
  }
}

/** Kernels that do not know a mode end the line before it: no time was spent in it. */
function ticks(scan: Scan): number {
  const value = scan.number();
  return Number.isNaN(value) ? 0 : value;
}
