/**
 * Makes the body a Monitoring Stack server takes from what `/system` answered: the figures it draws, and the whole
 * snapshot as details. Rates are from counters, against the snapshot before. Pure.
 */

/** A snapshot as it was read; nothing in it is taken for granted. */
export interface Reading {
  readonly snapshot: Readonly<Record<string, unknown>>;
  /** Ms that only go forward. */
  readonly readAtMs: number;
}

export interface MetricsBody {
  readonly hostname: string;
  /** Percent. */
  readonly cpu: number;
  readonly ram: number;
  readonly disk: number;
  /** Whole epoch seconds. */
  readonly timestamp: number;
  /** MiB/s; 0 the first time. */
  readonly disk_read: number;
  readonly disk_write: number;
  /** The later fields; left out where the source has none. */
  readonly net_read?: number;
  readonly net_write?: number;
  readonly swap_percent?: number;
  readonly load1?: number;
  readonly load5?: number;
  readonly load15?: number;
  readonly cpu_cores?: readonly number[];
  /** The snapshot and `throughput`. */
  readonly details: Readonly<Record<string, unknown>>;
}

const mebibyte = 1024 * 1024;

/** Throws when a figure every server requires is missing; the message names it. */
export function flatten(
  now: Reading,
  before: Reading | null,
  { hostname, epochMs }: { readonly hostname: string; readonly epochMs: number },
): MetricsBody {
  const { snapshot } = now;
  const rate = rateBetween(now, before);
  const readRate = rate("disk_io", "read_bytes") ?? 0;
  const writeRate = rate("disk_io", "write_bytes") ?? 0;
  const net = {
    read: rate("network", "io_counters", "bytes_recv"),
    write: rate("network", "io_counters", "bytes_sent"),
  };
  return {
    hostname,
    cpu: required(snapshot, "cpu", "percent"),
    ram: required(snapshot, "memory", "percent"),
    disk: required(snapshot, "disk", "percent"),
    timestamp: Math.floor(epochMs / 1000),
    disk_read: readRate / mebibyte,
    disk_write: writeRate / mebibyte,
    ...(net.read === undefined ? {} : { net_read: net.read / mebibyte }),
    ...(net.write === undefined ? {} : { net_write: net.write / mebibyte }),
    ...optional("swap_percent", numberAt(snapshot, "swap", "percent")),
    ...optional("load1", numberAt(snapshot, "load_avg", "load1")),
    ...optional("load5", numberAt(snapshot, "load_avg", "load5")),
    ...optional("load15", numberAt(snapshot, "load_avg", "load15")),
    ...coresOf(snapshot),
    details: {
      ...snapshot,
      throughput: {
        disk_read_bytes_per_sec: readRate,
        disk_write_bytes_per_sec: writeRate,
        disk_read_mb_per_sec: readRate / mebibyte,
        disk_write_mb_per_sec: writeRate / mebibyte,
      },
    },
  };
}

type Rate = (...path: string[]) => number | undefined;

/** Growth of a counter a second, never negative; undefined where one of the two snapshots has none. */
function rateBetween(now: Reading, before: Reading | null): Rate {
  const seconds = before === null ? 0 : secondsBetween(now, before);
  return (...path) => {
    const latest = numberAt(now.snapshot, ...path);
    const earlier = before === null ? undefined : numberAt(before.snapshot, ...path);
    if (latest === undefined || earlier === undefined || seconds <= 0) return undefined;
    return Math.max(0, (latest - earlier) / seconds);
  };
}

/** By when the counters were read where the source says so: a poll may be answered from a sample seconds old. */
function secondsBetween(now: Reading, before: Reading): number {
  const latest = collectedAt(now.snapshot);
  const earlier = collectedAt(before.snapshot);
  return latest !== undefined && earlier !== undefined && latest > earlier
    ? (latest - earlier) / 1000
    : (now.readAtMs - before.readAtMs) / 1000;
}

/** Whether both are the same sample: nothing was measured between them. */
export function isSameSample(now: Reading, before: Reading): boolean {
  const latest = now.snapshot["collected_at"];
  return typeof latest === "string" && latest === before.snapshot["collected_at"];
}

function collectedAt(snapshot: Reading["snapshot"]): number | undefined {
  const text = snapshot["collected_at"];
  const at = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function required(snapshot: unknown, ...path: string[]): number {
  const value = numberAt(snapshot, ...path);
  if (value === undefined) throw new Error(`the snapshot has no ${path.join(".")}`);
  return value;
}

function optional<K extends string>(key: K, value: number | undefined): { [P in K]?: number } {
  const found: { [P in K]?: number } = {};
  if (value !== undefined) found[key] = value;
  return found;
}

function coresOf(snapshot: Reading["snapshot"]): { readonly cpu_cores?: readonly number[] } {
  const cores = valueAt(snapshot, "cpu", "cores_percent");
  const isList = Array.isArray(cores) && cores.length > 0;
  return isList && cores.every(isNumber) ? { cpu_cores: cores } : {};
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function numberAt(value: unknown, ...path: string[]): number | undefined {
  const found = valueAt(value, ...path);
  return isNumber(found) ? found : undefined;
}

function valueAt(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}
