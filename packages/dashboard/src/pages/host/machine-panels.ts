/** The charts of the machine as a whole: CPU, memory, load and pressure. */
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Panel } from "../../chart/panel-view.tsx";
import { atLeast, units, type Unit } from "../../chart/unit.ts";
import { columnOf, columnsOf, combine, speaks, type HostSeries } from "./host-series.ts";
import { panelOf, type PanelLine } from "./panel.ts";

const memory = {
  total: "node_memory_MemTotal_bytes",
  free: "node_memory_MemFree_bytes",
  available: "node_memory_MemAvailable_bytes",
  swapTotal: "node_memory_SwapTotal_bytes",
  swapFree: "node_memory_SwapFree_bytes",
} as const;

const pressures = [
  ["node_pressure_cpu_waiting_seconds_total", "CPU, some wait", "--series-1"],
  ["node_pressure_memory_waiting_seconds_total", "Memory, some wait", "--series-4"],
  ["node_pressure_memory_stalled_seconds_total", "Memory, all wait", "--series-3"],
  ["node_pressure_io_waiting_seconds_total", "I/O, some wait", "--series-2"],
  ["node_pressure_io_stalled_seconds_total", "I/O, all wait", "--series-5"],
] as const;

/** Modes as `top` names them, in the order in which they lie upon one another. */
const modes = [
  ["user", "User", "--series-1"],
  ["nice", "Nice", "--series-7"],
  ["system", "System", "--series-4"],
  ["irq", "Interrupts", "--series-3"],
  ["softirq", "Soft interrupts", "--series-6"],
  ["iowait", "I/O wait", "--series-2"],
  ["steal", "Stolen", "--series-5"],
] as const;

/** What the hub is asked for. */
export const machineNames: readonly string[] = [
  hostMetrics.cpuModeRatio.name,
  hostMetrics.cpuRatio.name,
  hostMetrics.memoryRatio.name,
  hostMetrics.swapRatio.name,
  hostMetrics.load1.name,
  hostMetrics.load5.name,
  hostMetrics.load15.name,
  hostMetrics.cores.name,
  ...Object.values(memory),
  ...pressures.map(([name]) => name),
];

/** As far as it goes, but a machine that does next to nothing is drawn as one. */
const busyShare: Unit = {
  ...units.share,
  range: (_min, max) => [0, Math.min(1, atLeast(0.2, max))],
};

/** CPU time by mode; of a host that says no modes, how busy it is. */
export function cpuPanel(series: HostSeries): Panel | undefined {
  const columns = columnsOf(series, hostMetrics.cpuModeRatio.name);
  const lines = modes.flatMap(([mode, title, color]): PanelLine[] => {
    const values = columns.find(({ labels }) => labels["mode"] === mode)?.values;
    // A mode that never happened is not worth a place in the legend; the three everybody looks for are.
    const isExpected = mode === "user" || mode === "system" || mode === "iowait";
    if (values === undefined || (!isExpected && !speaks(values))) return [];
    return [{ title, color, draw: "area", values }];
  });
  const busy = columnOf(series, hostMetrics.cpuRatio.name);
  const whole: PanelLine = { title: "Busy", color: "--series-1", draw: "area", values: busy };
  return panelOf(
    series,
    { title: "CPU", unit: busyShare, note: "100 % is all cores" },
    lines.length > 0 ? lines : [whole],
  );
}

/** Memory as `free` counts it; of a host that says only shares, those. */
export function memoryPanel(series: HostSeries): Panel | undefined {
  const [total, free, available, swapTotal, swapFree] = [
    memory.total,
    memory.free,
    memory.available,
    memory.swapTotal,
    memory.swapFree,
  ].map((name) => columnOf(series, name));
  if (total === undefined || free === undefined || available === undefined) {
    return panelOf(series, { title: "Memory", unit: units.share }, [
      {
        title: "Used",
        color: "--series-1",
        draw: "area",
        values: columnOf(series, hostMetrics.memoryRatio.name),
      },
      {
        title: "Swap used",
        color: "--series-5",
        draw: "line",
        values: columnOf(series, hostMetrics.swapRatio.name),
      },
    ]);
  }
  const swap =
    swapTotal === undefined || swapFree === undefined || !speaks(swapTotal)
      ? undefined
      : combine([swapTotal, swapFree], (all, left) => all - left);
  return panelOf(series, { title: "Memory", unit: units.bytes }, [
    {
      title: "Used",
      color: "--series-1",
      draw: "area",
      values: combine([total, available], (all, left) => Math.max(0, all - left)),
    },
    {
      title: "Cache and buffers",
      color: "--series-4",
      draw: "area",
      values: combine([available, free], (left, unused) => Math.max(0, left - unused)),
    },
    {
      title: "Free",
      color: "--series-8",
      draw: "area",
      values: combine([available, free], (left, unused) => Math.min(left, unused)),
    },
    { title: "Swap used", color: "--series-5", draw: "line", values: swap },
  ]);
}

/** The load averages, and the cores where the load comes near them. */
export function loadPanel(series: HostSeries): Panel | undefined {
  const one = columnOf(series, hostMetrics.load1.name);
  const cores = columnOf(series, hostMetrics.cores.name);
  const most = Math.max(0, ...(one ?? []).map((value) => value ?? 0));
  const isNear = cores !== undefined && most > Math.max(0, ...cores.map((n) => n ?? 0)) / 3;
  return panelOf(series, { title: "Load", unit: units.load }, [
    { title: "1 min", color: "--series-1", draw: "line", values: one },
    {
      title: "5 min",
      color: "--series-2",
      draw: "line",
      values: columnOf(series, hostMetrics.load5.name),
    },
    {
      title: "15 min",
      color: "--series-3",
      draw: "line",
      values: columnOf(series, hostMetrics.load15.name),
    },
    { title: "Cores", color: "--ink-3", draw: "dashed", values: isNear ? cores : undefined },
  ]);
}

/** Share of time in which something waited for CPU, memory or I/O. */
export function pressurePanel(series: HostSeries): Panel | undefined {
  return panelOf(
    series,
    {
      title: "Pressure",
      unit: units.smallShare,
      note: "time in which some or all programs waited",
    },
    pressures.map(([name, title, color]) => ({
      title,
      color,
      draw: "line",
      values: columnOf(series, name),
    })),
  );
}
