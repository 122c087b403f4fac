/**
 * A host with Belfry's agent in the shape of `/system`, which the Monitoring Stack's dashboard draws its cards from. What
 * is not known is null. Counters of disks and network are left out: they are series here.
 */
import type { HostDetails } from "@belfry/contract";
import type { HostEntry } from "../../../model/host-entry.ts";
import type { SeriesKey } from "../../../model/series.ts";

/** A sample as `latestOf` gives it. */
export interface Latest {
  readonly key: SeriesKey;
  readonly value: number;
}

const memory = {
  total: "node_memory_MemTotal_bytes",
  available: "node_memory_MemAvailable_bytes",
  free: "node_memory_MemFree_bytes",
  active: "node_memory_Active_bytes",
  inactive: "node_memory_Inactive_bytes",
  buffers: "node_memory_Buffers_bytes",
  cached: "node_memory_Cached_bytes",
  shared: "node_memory_Shmem_bytes",
  slab: "node_memory_Slab_bytes",
} as const;
const swap = { total: "node_memory_SwapTotal_bytes", free: "node_memory_SwapFree_bytes" } as const;
const disk = {
  total: "node_filesystem_size_bytes",
  free: "node_filesystem_avail_bytes",
} as const;

/** The metrics a snapshot is made from. */
export const snapshotMetrics: readonly string[] = [
  ...Object.values(memory),
  ...Object.values(swap),
  ...Object.values(disk),
];

type Figure = number | null;

/** Makes the snapshot. `at`: when the details were received, epoch ms. */
export function snapshotOf(
  { figures, host }: HostEntry,
  details: HostDetails,
  latest: readonly Latest[],
  at: number,
): Record<string, unknown> {
  const { hardware = {}, system } = details;
  const value = (name: string): Figure =>
    latest.find(({ key }) => key.name === name)?.value ?? null;
  return {
    collected_at: new Date(at).toISOString(),
    cpu: {
      percent: percent(figures.cpuRatio),
      logical_cores: hardware.logical_cores ?? figures.cores ?? 0,
      physical_cores: hardware.physical_cores ?? null,
      frequency_mhz: hardware.cpu_max_mhz ?? null,
      min_frequency_mhz: hardware.cpu_min_mhz ?? null,
      max_frequency_mhz: hardware.cpu_max_mhz ?? null,
      processor: hardware.cpu_model ?? "",
      temperature_c: figures.temperature,
    },
    disk: { ...diskOf(latest), percent: percent(figures.diskRatio) },
    load_avg: { load1: figures.load1, load5: figures.load5, load15: figures.load15 },
    memory: {
      ...mapValues(memory, value),
      used: difference(value(memory.total), value(memory.available)),
      percent: percent(figures.memoryRatio),
    },
    network: { primary_interface: interfaceOf(details) },
    statix_client_version: host.agentVersion,
    swap: {
      ...mapValues(swap, value),
      used: difference(value(swap.total), value(swap.free)),
      percent: percent(figures.swapRatio) ?? 0,
    },
    system: {
      hostname: system?.hostname ?? host.names[0] ?? null,
      os: system?.os ?? null,
      os_release: system?.kernel ?? null,
      os_version: system?.kernel_version ?? system?.distribution ?? null,
      architecture: system?.architecture ?? null,
      platform: system?.distribution ?? null,
      model: hardware.model ?? null,
    },
    throughput: {
      disk_read_bytes_per_sec: figures.diskRead,
      disk_read_mb_per_sec: mebibytes(figures.diskRead),
      disk_write_bytes_per_sec: figures.diskWrite,
      disk_write_mb_per_sec: mebibytes(figures.diskWrite),
    },
    uptime: uptimeOf(figures.bootTime, at),
  };
}

function percent(ratio: Figure): Figure {
  return ratio === null ? null : Math.round(ratio * 1000) / 10;
}

function mebibytes(bytes: Figure): Figure {
  return bytes === null ? null : bytes / 1_048_576;
}

function difference(whole: Figure, part: Figure): Figure {
  return whole === null || part === null ? null : whole - part;
}

function mapValues(
  names: Readonly<Record<string, string>>,
  value: (name: string) => Figure,
): Record<string, Figure> {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, value(name)]));
}

/** The file system at `/`, or else the largest. */
function diskOf(latest: readonly Latest[]): Record<string, unknown> {
  const sizes = latest
    .filter(({ key }) => key.name === disk.total)
    .toSorted((a, b) => b.value - a.value);
  const main = sizes.find(({ key }) => key.labels["mountpoint"] === "/") ?? sizes[0];
  const mount = main?.key.labels["mountpoint"] ?? null;
  const free = latest.find(
    ({ key }) => key.name === disk.free && key.labels["mountpoint"] === mount,
  )?.value;
  const total = main?.value ?? null;
  return { total, used: difference(total, free ?? null), free: free ?? null, mount };
}

/** As the original chose it: the first that is up, is no loopback and has an IPv4 address. */
function interfaceOf({ interfaces = [] }: HostDetails): Record<string, unknown> | null {
  for (const { name, up, mtu, speed_mbps: speed, duplex, addresses } of interfaces) {
    const address = addresses.find((one) => one.address.includes("."));
    if (!up || name.startsWith("lo") || address === undefined) continue;
    return {
      name,
      ipv4: address.address,
      netmask: netmaskOf(address.prefix),
      broadcast: address.broadcast ?? null,
      speed_mbps: speed ?? null,
      mtu: mtu ?? null,
      duplex: duplex ?? "unknown",
    };
  }
  return null;
}

/** 24 → `255.255.255.0` */
function netmaskOf(prefix: number): string {
  return [0, 8, 16, 24]
    .map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - from))))
    .join(".");
}

function uptimeOf(bootTime: Figure, at: number): Record<string, unknown> | null {
  if (bootTime === null) return null;
  const seconds = Math.max(0, Math.floor(at / 1000 - bootTime));
  const boot = new Date(bootTime * 1000).toISOString();
  return { seconds, boot_time: boot, human: humanOf(seconds) };
}

/** `1d 10h 17m`; what is zero is left out, at least `0m`. */
function humanOf(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return shown.length === 0 ? "0m" : shown.join(" ");
}
