/** `cpu` of `/system`. */
import type { HostDetails } from "@belfry/contract";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Figure, Figures } from "./figures.ts";

export interface CpuView {
  /** Busy time of all cores over the time since the sample before, 0 to 100; the first time since the start of the host. */
  readonly percent: number | null;
  /** The same of each core, in their order. */
  readonly cores_percent: readonly number[];
  /** 0: unknown. */
  readonly logical_cores: number;
  readonly physical_cores: number | null;
  readonly frequency_mhz: number | null;
  readonly min_frequency_mhz: number | null;
  readonly max_frequency_mhz: number | null;
  /** May be empty. */
  readonly processor: string;
  /** Of the processor where it has a sensor, else the hottest sensor. */
  readonly temperature_c: number | null;
}

export function cpuView(figures: Figures, before: Figures | null, details: HostDetails): CpuView {
  const { hardware } = details;
  const ratio = figures.one(hostMetrics.cpuRatio.name);
  const cores = figures.one(hostMetrics.cores.name) ?? hardware?.logical_cores ?? 0;
  const then = timesOf(before?.all(seconds) ?? []);
  const now = timesOf(figures.all(seconds));
  return {
    percent: ratio === undefined ? percentOfAll(now, then) : oneDigit(ratio * 100),
    cores_percent: [...now]
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([cpu, times]) => percentSince(times, then.get(cpu) ?? noTimes)),
    logical_cores: cores,
    physical_cores: hardware?.physical_cores ?? null,
    ...frequenciesOf(figures, hardware),
    processor: hardware?.cpu_model ?? "",
    temperature_c: temperatureOf(figures),
  };
}

const seconds = "node_cpu_seconds_total";

interface CoreTimes {
  busy: number;
  idle: number;
}

const noTimes: CoreTimes = { busy: 0, idle: 0 };

function percentOfAll(
  now: ReadonlyMap<string, CoreTimes>,
  then: ReadonlyMap<string, CoreTimes>,
): number | null {
  if (now.size === 0) return null;
  return percentSince(totalOf(now), totalOf(then));
}

function totalOf(cores: ReadonlyMap<string, CoreTimes>): CoreTimes {
  const total = { ...noTimes };
  for (const { busy, idle } of cores.values()) {
    total.busy += busy;
    total.idle += idle;
  }
  return total;
}

function percentSince(now: CoreTimes, then: CoreTimes): number {
  const busy = Math.max(0, now.busy - then.busy);
  const total = busy + Math.max(0, now.idle - then.idle);
  return total === 0 ? 0 : oneDigit((busy / total) * 100);
}

/** Busy is all but idle and iowait; time of guests is in user and nice already. */
function timesOf(all: readonly Figure[]): Map<string, CoreTimes> {
  const cores = new Map<string, CoreTimes>();
  for (const { labels, value } of all) {
    const { cpu = "", mode = "" } = labels;
    const core = cores.get(cpu) ?? { busy: 0, idle: 0 };
    if (mode === "idle" || mode === "iowait") core.idle += value;
    else core.busy += value;
    cores.set(cpu, core);
  }
  return cores;
}

function frequenciesOf(
  figures: Figures,
  hardware: HostDetails["hardware"],
): Pick<CpuView, "frequency_mhz" | "min_frequency_mhz" | "max_frequency_mhz"> {
  const mean = (...names: string[]): number | undefined => {
    const all = names.map((name) => figures.all(name)).find((found) => found.length > 0) ?? [];
    if (all.length === 0) return undefined;
    return oneDigit(all.reduce((sum, { value }) => sum + value, 0) / all.length / 1e6);
  };
  const now = mean("node_cpu_scaling_frequency_hertz", "node_cpu_frequency_hertz");
  // As psutil: where the frequency is known and its bounds are not, they are 0.
  const unknown = now === undefined ? null : 0;
  return {
    frequency_mhz: now ?? null,
    min_frequency_mhz:
      mean("node_cpu_scaling_frequency_min_hertz", "node_cpu_frequency_min_hertz") ??
      hardware?.cpu_min_mhz ??
      unknown,
    max_frequency_mhz:
      mean("node_cpu_scaling_frequency_max_hertz", "node_cpu_frequency_max_hertz") ??
      hardware?.cpu_max_mhz ??
      unknown,
  };
}

/** Names of the kernel's drivers for sensors of processors. */
const cpuSensor = /coretemp|k10temp|k8temp|zenpower|cpu|pkg_temp|soc/i;

function temperatureOf(figures: Figures): number | null {
  const isCpu = ({ labels }: Figure): boolean =>
    cpuSensor.test(`${labels["chip"] ?? ""} ${labels["chip_name"] ?? ""} ${labels["type"] ?? ""}`);
  const sensors = [
    ...figures.all("node_hwmon_temp_celsius"),
    ...figures.all("node_thermal_zone_temp"),
  ].filter(isCpu);
  const value =
    sensors.length > 0
      ? Math.max(...sensors.map((sensor) => sensor.value))
      : figures.one(hostMetrics.temperature.name);
  return value === undefined ? null : oneDigit(value);
}

function oneDigit(value: number): number {
  return Math.round(value * 10) / 10;
}
