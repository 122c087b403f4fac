/**
 * `GET /system` of the System Stats Service: the fields and types its clients know, with psutil's meaning of each figure,
 * from the latest sample. Pure. What a host does not have is null; the original would answer 500.
 */
import { arch, hostname, release, type, version } from "node:os";
import type { HostDetails } from "@belfry/contract";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Sample } from "../sample/series-table.ts";
import { dockerView, type DockerView } from "./docker-view.ts";
import { figuresOf, type Figures } from "./figures.ts";
import { interfaceViews, primaryOf, type InterfaceView } from "./interface-view.ts";
import { cpuView, type CpuView } from "./cpu-view.ts";

/** What is known of the machine without collecting. */
export interface Uname {
  readonly hostname: string;
  /** Linux, Darwin */
  readonly os: string;
  readonly release: string;
  readonly version: string;
  readonly architecture: string;
}

export interface SystemViewSettings {
  /** The file system shown as `disk`. */
  readonly diskPath: string;
  /** Of the agent. */
  readonly version: string;
  readonly uname: Uname;
}

type Nullable<Keys extends string> = Readonly<Record<Keys, number | null>>;

/** Bytes are whole bytes, percentages have one digit, times of `disk_io` are ms since boot. */
export interface SystemView {
  /** UTC with microseconds and `+00:00`. */
  readonly collected_at: string;
  readonly cpu: CpuView;
  readonly load_avg: Nullable<"load1" | "load5" | "load15">;
  readonly memory: Readonly<
    Record<
      | "total"
      | "available"
      | "percent"
      | "used"
      | "free"
      | "active"
      | "inactive"
      | "buffers"
      | "cached"
      | "shared"
      | "slab",
      number
    >
  > | null;
  readonly swap: Readonly<
    Record<"total" | "used" | "free" | "percent" | "sin" | "sout", number>
  > | null;
  readonly disk: {
    readonly total: number;
    readonly used: number;
    readonly free: number;
    readonly percent: number;
    readonly mount: string;
  } | null;
  readonly disk_io: Readonly<
    Record<
      | "read_count"
      | "write_count"
      | "read_bytes"
      | "write_bytes"
      | "read_time"
      | "write_time"
      | "read_merged_count"
      | "write_merged_count"
      | "busy_time",
      number
    >
  > | null;
  readonly network: {
    readonly io_counters: Readonly<
      Record<
        | "bytes_sent"
        | "bytes_recv"
        | "packets_sent"
        | "packets_recv"
        | "errin"
        | "errout"
        | "dropin"
        | "dropout",
        number
      >
    > | null;
    readonly primary_interface: InterfaceView | null;
    readonly interfaces: readonly InterfaceView[];
  };
  readonly uptime: {
    readonly seconds: number;
    /** With the offset of this machine's time zone. */
    readonly boot_time: string;
    /** `1d 10h 17m` */
    readonly human: string;
  } | null;
  readonly system: {
    readonly hostname: string;
    readonly os: string;
    readonly os_release: string;
    readonly os_version: string;
    readonly architecture: string;
    readonly platform: string;
    readonly model: string | null;
    /** Whether packages could be updated is not looked for. */
    readonly os_update: null;
  };
  readonly docker: DockerView;
  readonly statix_client_version: string;
}

/**
 * The view of a sample. `previous` is an earlier one, for the figures of each core, which are over the time between the
 * two; null: they are since the start of the host.
 */
export function systemView(
  sample: Sample,
  previous: Sample | null,
  details: HostDetails,
  settings: SystemViewSettings,
): SystemView {
  const figures = figuresOf(sample);
  const interfaces = interfaceViews(details);
  return {
    collected_at: new Date(sample.at).toISOString().replace("Z", "000+00:00"),
    cpu: cpuView(figures, previous === null ? null : figuresOf(previous), details),
    load_avg: {
      load1: figures.one(hostMetrics.load1.name) ?? null,
      load5: figures.one(hostMetrics.load5.name) ?? null,
      load15: figures.one(hostMetrics.load15.name) ?? null,
    },
    memory: memoryOf(figures),
    swap: swapOf(figures),
    disk: diskOf(figures, settings.diskPath),
    disk_io: diskIoOf(figures),
    network: {
      io_counters: networkOf(figures),
      primary_interface: primaryOf(details),
      interfaces,
    },
    uptime: uptimeOf(figures.one(hostMetrics.bootTime.name), sample.at),
    system: machineOf(details, settings.uname),
    docker: dockerView(details),
    statix_client_version: settings.version,
  };
}

/** Asks the running kernel. */
export function readUname(): Uname {
  return {
    hostname: hostname(),
    os: type(),
    release: release(),
    version: version(),
    architecture: architectureNames[arch()] ?? arch(),
  };
}

/** As `uname -m` says it. */
const architectureNames: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

function memoryOf(figures: Figures): SystemView["memory"] {
  const value = (name: string): number => figures.one(`node_memory_${name}_bytes`) ?? 0;
  const total = value("MemTotal");
  if (total === 0) return null;
  const free = value("MemFree");
  const buffers = value("Buffers");
  const cached = value("Cached") + value("SReclaimable");
  const available = figures.one("node_memory_MemAvailable_bytes") ?? free;
  const used = total - free - buffers - cached;
  return {
    total,
    available,
    percent: percentOf(total - available, total),
    // Inside some containers the cache is larger than all of it.
    used: used < 0 ? total - free : used,
    free,
    active: value("Active"),
    inactive: value("Inactive"),
    buffers,
    cached,
    shared: value("Shmem"),
    slab: value("Slab"),
  };
}

function swapOf(figures: Figures): SystemView["swap"] {
  const total = figures.one("node_memory_SwapTotal_bytes");
  const free = figures.one("node_memory_SwapFree_bytes");
  if (total === undefined || free === undefined) return null;
  const used = total - free;
  return {
    total,
    used,
    free,
    percent: percentOf(used, total),
    // The kernel counts pages of 4 KiB here, whatever the size of its pages, as psutil reads it.
    sin: (figures.one("node_vmstat_pswpin") ?? 0) * 4096,
    sout: (figures.one("node_vmstat_pswpout") ?? 0) * 4096,
  };
}

function diskOf(figures: Figures, diskPath: string): SystemView["disk"] {
  const sizes = figures.all("node_filesystem_size_bytes");
  const mountpoint = sizes
    .map(({ labels }) => labels["mountpoint"] ?? "")
    .filter((path) => isBelow(diskPath, path))
    .toSorted((a, b) => b.length - a.length)[0];
  if (mountpoint === undefined) return null;
  const at = (name: string): number | undefined =>
    figures.all(name).find(({ labels }) => labels["mountpoint"] === mountpoint)?.value;
  const total = at("node_filesystem_size_bytes");
  const free = at("node_filesystem_avail_bytes");
  const unused = at("node_filesystem_free_bytes");
  if (total === undefined || free === undefined || unused === undefined) return null;
  const used = total - unused;
  return { total, used, free, percent: percentOf(used, used + free), mount: diskPath };
}

function isBelow(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

function diskIoOf(figures: Figures): SystemView["disk_io"] {
  const isWhole = ({ device = "" }: Readonly<Record<string, string>>): boolean =>
    !isPartition(device);
  const sum = (name: string): number => figures.sum(`node_disk_${name}_total`, isWhole) ?? 0;
  if (figures.sum("node_disk_reads_completed_total", isWhole) === undefined) return null;
  const ms = (name: string): number => Math.round(sum(name) * 1000);
  return {
    read_count: sum("reads_completed"),
    write_count: sum("writes_completed"),
    read_bytes: sum("read_bytes"),
    write_bytes: sum("written_bytes"),
    read_time: ms("read_time_seconds"),
    write_time: ms("write_time_seconds"),
    read_merged_count: sum("reads_merged"),
    write_merged_count: sum("writes_merged"),
    busy_time: ms("io_time_seconds"),
  };
}

/** What a partition does is counted for its disk, too. */
function isPartition(device: string): boolean {
  return /^(?:(?:h|s|v|xv)d[a-z]+\d+|(?:nvme\d+n\d+|mmcblk\d+)p\d+)$/.test(device);
}

function networkOf(figures: Figures): SystemView["network"]["io_counters"] {
  const sum = (name: string): number => figures.sum(`node_network_${name}_total`) ?? 0;
  if (figures.sum("node_network_receive_bytes_total") === undefined) return null;
  return {
    bytes_sent: sum("transmit_bytes"),
    bytes_recv: sum("receive_bytes"),
    packets_sent: sum("transmit_packets"),
    packets_recv: sum("receive_packets"),
    errin: sum("receive_errs"),
    errout: sum("transmit_errs"),
    dropin: sum("receive_drop"),
    dropout: sum("transmit_drop"),
  };
}

function uptimeOf(bootTime: number | undefined, at: number): SystemView["uptime"] {
  if (bootTime === undefined) return null;
  const seconds = Math.max(0, Math.floor(at / 1000 - bootTime));
  return { seconds, boot_time: localTime(bootTime * 1000), human: humanTime(seconds) };
}

function humanTime(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const parts = [
    ...(days > 0 ? [`${days}d`] : []),
    ...(hours > 0 ? [`${hours}h`] : []),
    ...(minutes > 0 ? [`${minutes}m`] : []),
  ];
  return parts.length === 0 ? "0m" : parts.join(" ");
}

/** `2026-02-01T09:30:00+01:00` */
function localTime(at: number): string {
  const offset = -new Date(at).getTimezoneOffset();
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
  return `${new Date(Math.floor(at / 1000) * 1000 + offset * 60_000).toISOString().slice(0, 19)}${zone}`;
}

function machineOf({ system, hardware }: HostDetails, uname: Uname): SystemView["system"] {
  const os = system?.os ?? uname.os;
  const release = system?.kernel ?? uname.release;
  const architecture = system?.architecture ?? uname.architecture;
  return {
    hostname: system?.hostname ?? uname.hostname,
    os,
    os_release: release,
    os_version: system?.kernel_version ?? uname.version,
    architecture,
    platform: `${os}-${release}-${architecture}`,
    model: hardware?.model ?? null,
    os_update: null,
  };
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}
