/**
 * What the Monitoring Stack's clients post, as samples and details of a host. Percent become ratios and MiB/s bytes, so
 * that a host looks the same whoever watches it; `(ratio * 100).toPrecision(15)` gives the posted number back.
 */
import { hostMetrics, type HostDetails, type HostMetric } from "@belfry/contract";
import type { StackPost } from "../model/host-entry.ts";
import { listOf, type SeriesList } from "./host-series.ts";

const mebibyte = 1_048_576;

interface PostedFigure {
  readonly metric: HostMetric;
  readonly read: (post: StackPost) => number | null;
}

const posted: readonly PostedFigure[] = [
  { metric: "cpuRatio", read: ({ cpu }) => cpu / 100 },
  { metric: "memoryRatio", read: ({ ram }) => ram / 100 },
  { metric: "diskRatio", read: ({ disk }) => disk / 100 },
  { metric: "diskRead", read: ({ diskRead }) => diskRead * mebibyte },
  { metric: "diskWrite", read: ({ diskWrite }) => diskWrite * mebibyte },
  { metric: "networkReceive", read: ({ netRead }) => times(netRead, mebibyte) },
  { metric: "networkTransmit", read: ({ netWrite }) => times(netWrite, mebibyte) },
  {
    metric: "swapRatio",
    read: ({ swapPercent }) => (swapPercent === null ? null : swapPercent / 100),
  },
  { metric: "load1", read: ({ load1 }) => load1 },
  { metric: "load5", read: ({ load5 }) => load5 },
  { metric: "load15", read: ({ load15 }) => load15 },
];

function times(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

/** The series of every post. */
export const postedSeries: SeriesList = listOf(
  posted.map(({ metric }) => ({ name: hostMetrics[metric].name, labels: {} })),
);

/** The values of a post in the order of `postedSeries`. */
export function valuesOf(post: StackPost): {
  readonly values: Float64Array;
  readonly present: Uint8Array;
} {
  const values = new Float64Array(posted.length);
  const present = new Uint8Array(posted.length);
  for (const [column, { read }] of posted.entries()) {
    const value = read(post);
    if (value === null) continue;
    values[column] = value;
    present[column] = 1;
  }
  return { values, present };
}

/** What of a posted snapshot of `/system` a host's page can show. Whatever is not of its type is left out. */
export function detailsOf(snapshot: Readonly<Record<string, unknown>>): HostDetails {
  const system = objectOf(snapshot["system"]);
  const cpu = objectOf(snapshot["cpu"]);
  const hostname = text(system["hostname"]);
  const hardware = withoutNothing({
    model: text(system["model"]),
    cpu_model: text(cpu["processor"]),
    physical_cores: whole(cpu["physical_cores"]),
    logical_cores: whole(cpu["logical_cores"]),
    cpu_min_mhz: positive(cpu["min_frequency_mhz"]),
    cpu_max_mhz: positive(cpu["max_frequency_mhz"]),
    memory_bytes: positive(objectOf(snapshot["memory"])["total"]),
  });
  return {
    ...(hostname === undefined
      ? {}
      : {
          system: {
            hostname,
            ...withoutNothing({
              os: text(system["os"]),
              kernel: text(system["os_release"]),
              kernel_version: text(system["os_version"]),
              architecture: text(system["architecture"]),
            }),
          },
        }),
    ...(Object.keys(hardware).length === 0 ? {} : { hardware }),
    ...interfacesOf(objectOf(objectOf(snapshot["network"])["primary_interface"])),
  };
}

function interfacesOf(primary: Readonly<Record<string, unknown>>): HostDetails {
  const name = text(primary["name"]);
  if (name === undefined) return {};
  const address = text(primary["ipv4"]);
  const prefix = prefixOf(text(primary["netmask"]));
  return {
    interfaces: [
      {
        name,
        up: true,
        addresses:
          address === undefined || prefix === undefined
            ? []
            : [{ address, prefix, ...withoutNothing({ broadcast: text(primary["broadcast"]) }) }],
        ...withoutNothing({
          mtu: whole(primary["mtu"]),
          speed_mbps: positive(primary["speed_mbps"]),
          duplex: text(primary["duplex"]),
        }),
      },
    ],
  };
}

/** `255.255.255.0` → 24; undefined for what is no netmask. */
function prefixOf(netmask: string | undefined): number | undefined {
  const parts = netmask?.split(".").map(Number) ?? [];
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  const bits = parts.map((part) => part.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

const longestText = 512;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= longestText
    ? value
    : undefined;
}

function whole(value: unknown): number | undefined {
  return Number.isInteger(value) ? Number(value) : undefined;
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that have no value. Guarantee: every value that is left is one. */
function withoutNothing<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
