/** Which main figures of a host jumped shortly before an incident, held against the hours before. */
import type { Incident } from "../model/incident.ts";
import type { HostEntry } from "../model/host-entry.ts";
import { hostSource } from "../model/host.ts";
import { parseId } from "../model/id.ts";
import { findJump, type FigureAt, type Jump } from "../model/series-jump.ts";
import type { SeriesBuckets, TimeRange } from "../model/series.ts";
import type { ApiParts } from "./parts.ts";

/** A figure that jumped. */
export interface FigureJump extends Jump {
  readonly entry: HostEntry;
  /** `CPU in use rose to 97 %, 12 % before`. */
  readonly text: string;
}

export type JumpParts = Pick<ApiParts, "store" | "board" | "hosts" | "kinds">;

/** What is usual is read from so long before the time that is looked at, ms. */
const usualMs = 6 * 3_600_000;
const usualStepMs = 300_000;
const recentStepMs = 60_000;
/** Hosts that are looked at, and figures of one that are told: those that jumped farthest. */
const mostHosts = 3;
const mostOfHost = 4;

type Unit = "ratio" | "number" | "perSecond";

interface Figure {
  readonly title: string;
  readonly unit: Unit;
  /** The least change that is worth telling. */
  readonly least: number;
  /** The label that tells several of a host apart; left out: they are averaged. */
  readonly of?: string;
  /** A counter's value is its growth per second. */
  readonly name: string;
  readonly isCounter?: true;
  /** The series it is divided by, with the same labels. */
  readonly by?: string;
  /** What the labels must be. */
  readonly where?: Readonly<Record<string, string>>;
  /** What is measured is what is left: 1 less it counts. */
  readonly isRest?: true;
}

const figures: readonly Figure[] = [
  {
    title: "CPU in use",
    unit: "ratio",
    least: 0.25,
    name: "node_cpu_seconds_total",
    where: { mode: "idle" },
    isCounter: true,
    isRest: true,
  },
  { title: "load", unit: "number", least: 2, name: "node_load1" },
  {
    title: "memory in use",
    unit: "ratio",
    least: 0.15,
    name: "node_memory_MemAvailable_bytes",
    by: "node_memory_MemTotal_bytes",
    isRest: true,
  },
  {
    title: "space in use",
    unit: "ratio",
    least: 0.05,
    of: "mountpoint",
    name: "node_filesystem_avail_bytes",
    by: "node_filesystem_size_bytes",
    isRest: true,
  },
  {
    title: "disk busy",
    unit: "ratio",
    least: 0.4,
    of: "device",
    name: "node_disk_io_time_seconds_total",
    isCounter: true,
  },
  {
    title: "receive errors",
    unit: "perSecond",
    least: 0.05,
    of: "device",
    name: "node_network_receive_errs_total",
    isCounter: true,
  },
  {
    title: "transmit errors",
    unit: "perSecond",
    least: 0.05,
    of: "device",
    name: "node_network_transmit_errs_total",
    isCounter: true,
  },
];

const names = [
  ...new Set(figures.flatMap(({ name, by }) => (by === undefined ? [name] : [name, by]))),
];

/** Reads what jumped within `range` on the hosts of an incident. */
export async function readJumps(
  incident: Incident,
  range: TimeRange,
  parts: JumpParts,
): Promise<readonly FigureJump[]> {
  const found = await Promise.all(
    hostsOf(incident, parts).map((entry) => jumpsOf(entry, range, parts.store)),
  );
  return found.flat();
}

/** Those it is about, and those its monitors check. */
function hostsOf(incident: Incident, { board, hosts, kinds }: JumpParts): readonly HostEntry[] {
  const found = new Map<string, HostEntry>();
  const subjects = [
    ...(incident.cause === null ? [] : [incident.cause.subject]),
    ...incident.subjects,
  ];
  for (const { kind, id } of subjects) {
    if (found.size === mostHosts) break;
    const monitorId = parseId<"monitor">(id);
    if (monitorId === undefined || (kind !== "host" && kind !== "monitor")) continue;
    let entry = hosts.get(monitorId);
    if (kind === "monitor") {
      const monitor = board.get(monitorId)?.monitor;
      const name = monitor === undefined ? "" : kinds.get(monitor.kind)?.hostOf(monitor.settings);
      entry = name === undefined || name === "" ? undefined : hostCalled(name, hosts);
    }
    if (entry !== undefined) found.set(entry.host.id, entry);
  }
  return [...found.values()];
}

function hostCalled(name: string, hosts: JumpParts["hosts"]): HostEntry | undefined {
  const named = hosts.byName(name);
  if (named !== undefined) return named;
  for (const entry of hosts.entries()) if (entry.addresses.includes(name)) return entry;
  return undefined;
}

async function jumpsOf(
  entry: HostEntry,
  range: TimeRange,
  store: JumpParts["store"],
): Promise<readonly FigureJump[]> {
  const source = hostSource(entry.host.id);
  const [usual, recent] = await Promise.all([
    store.bucketsOfNames(
      source,
      names,
      { from: range.from - usualMs, to: range.from - 1 },
      usualStepMs,
    ),
    // A bucket more: a counter's growth needs the one before.
    store.bucketsOfNames(
      source,
      names,
      { from: range.from - recentStepMs, to: range.to },
      recentStepMs,
    ),
  ]);
  const jumps: FigureJump[] = [];
  for (const figure of figures) {
    const before = valuesOf(figure, usual, usualStepMs);
    const after = valuesOf(figure, recent, recentStepMs);
    for (const [item, values] of after) {
      const jump = findJump(before.get(item) ?? [], values, figure.least);
      if (jump !== null) jumps.push({ ...jump, entry, text: textOf(figure, item, jump) });
    }
  }
  return jumps.toSorted((a, b) => b.score - a.score).slice(0, mostOfHost);
}

/** The values of a figure by what tells several apart; "": there is one. */
function valuesOf(
  figure: Figure,
  buckets: readonly SeriesBuckets[],
  stepMs: number,
): ReadonlyMap<string, readonly FigureAt[]> {
  const sums = new Map<string, Map<number, { sum: number; count: number }>>();
  for (const own of buckets) {
    if (!isOf(figure, own)) continue;
    const item = figure.of === undefined ? "" : (own.key.labels[figure.of] ?? "");
    const total = figure.by === undefined ? undefined : partner(figure.by, own, buckets);
    if (figure.by !== undefined && total === undefined) continue;
    const at = sums.get(item) ?? new Map<number, { sum: number; count: number }>();
    sums.set(item, at);
    for (const { at: start, value } of plainValues(figure, own, total, stepMs)) {
      const bucket = at.get(start) ?? { sum: 0, count: 0 };
      at.set(start, { sum: bucket.sum + value, count: bucket.count + 1 });
    }
  }
  const values = new Map<string, FigureAt[]>();
  for (const [item, at] of sums) {
    values.set(
      item,
      [...at].map(([start, { sum, count }]) => ({ at: start, value: sum / count })),
    );
  }
  return values;
}

function isOf({ name, where = {} }: Figure, { key }: SeriesBuckets): boolean {
  if (key.name !== name) return false;
  return Object.entries(where).every(([label, value]) => key.labels[label] === value);
}

/** The series with another name and the same labels. */
function partner(
  name: string,
  { key }: SeriesBuckets,
  buckets: readonly SeriesBuckets[],
): SeriesBuckets | undefined {
  const own = Object.entries(key.labels);
  return buckets.find(
    (other) =>
      other.key.name === name &&
      Object.keys(other.key.labels).length === own.length &&
      own.every(([label, value]) => other.key.labels[label] === value),
  );
}

/** A counter's bucket has its growth per second since the bucket before; one that began anew, or a gap, has none. */
function* plainValues(
  figure: Figure,
  own: SeriesBuckets,
  total: SeriesBuckets | undefined,
  stepMs: number,
): Iterable<FigureAt> {
  for (let i = 0; i < own.starts.length; i += 1) {
    const at = own.starts[i] ?? 0;
    let value = (own.sum[i] ?? Number.NaN) / (own.count[i] ?? 0);
    if (figure.isCounter === true) {
      const follows = i > 0 && own.starts[i - 1] === at - stepMs;
      const growth = (own.last[i] ?? 0) - (own.last[i - 1] ?? 0);
      value = follows && growth >= 0 ? growth / (stepMs / 1000) : Number.NaN;
    } else if (total !== undefined) {
      const place = total.starts.indexOf(at);
      value /= (total.sum[place] ?? Number.NaN) / (total.count[place] ?? 0);
    }
    if (Number.isFinite(value)) yield { at, value: figure.isRest === true ? 1 - value : value };
  }
}

function textOf({ title, unit }: Figure, item: string, { before, after }: Jump): string {
  const what = item === "" ? title : `${title} (${item})`;
  const went = after > before ? "rose" : "fell";
  return `${what} ${went} to ${amount(after, unit)}, ${amount(before, unit)} before`;
}

function amount(value: number, unit: Unit): string {
  switch (unit) {
    case "ratio":
      return `${Math.round(Math.min(1, Math.max(0, value)) * 100)} %`;
    case "number":
      return value.toFixed(1);
    case "perSecond":
      return `${value < 1 ? value.toFixed(2) : value.toFixed(1)}/s`;
  }
}
